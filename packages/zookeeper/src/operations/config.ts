import type { JuteWriter } from '../jute/writer.ts';
import { type GetDataResult, getData, readGetData } from './get-data.ts';
import type { Nothing, Operation } from './operation.ts';

/** Which servers there shall be; either what changes, or all of them. Lines are those of `server.N=` without the key. */
export interface ReconfigRequest {
  /** `N=host:port:port:role;clientPort`, separated by commas. */
  joining?: string | undefined;
  /** Ids of servers, separated by commas. */
  leaving?: string | undefined;
  /** The whole membership, in place of `joining` and `leaving`. */
  members?: string | undefined;
  /** Version that the present configuration must have, as its text says in hexadecimal; -1, the default, for any. */
  fromConfig?: bigint | undefined;
}

function writeOptional(writer: JuteWriter, text: string | undefined): JuteWriter {
  return text === undefined ? writer.buffer(null) : writer.string(text);
}

/**
 * Since 3.5, with `reconfigEnabled=true` on the servers and admin rights on the configuration's node.
 *
 * ReconfigRequest: string joiningServers | string leavingServers | string newMembers | long curConfigId; null where absent
 * The answer is that of getData, with the new configuration.
 */
export const reconfig: Operation<ReconfigRequest, GetDataResult> = {
  name: 'reconfig',
  opCode: 16,
  write(writer, { joining, leaving, members, fromConfig }) {
    for (const part of [joining, leaving, members]) writeOptional(writer, part);
    writer.long(fromConfig ?? -1n);
  },
  read: readGetData,
};

/** Where servers from 3.5 on keep their membership, whatever the chroot. */
const configPath = '/zookeeper/config';

export const getConfig: Operation<Nothing, GetDataResult> = {
  name: 'getConfig',
  opCode: getData.opCode,
  write: (writer) => writer.string(configPath).bool(false),
  read: readGetData,
};
