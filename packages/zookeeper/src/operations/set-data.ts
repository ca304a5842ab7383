import type { JuteWriter } from '../jute/writer.ts';
import { withChroot } from '../protocol/path.ts';
import { readStat } from '../protocol/stat.ts';
import type { StatResult } from './exists.ts';
import type { Operation } from './operation.ts';

export interface SetDataRequest {
  path: string;
  data: Uint8Array | null;
  /** Expected version; -1, the default, for any. */
  version?: number | undefined;
}

/** SetDataRequest: string path | buffer data | int version */
export function writeSetData(writer: JuteWriter, request: SetDataRequest, chroot: string): void {
  writer
    .string(withChroot(chroot, request.path))
    .buffer(request.data)
    .int(request.version ?? -1);
}

/** SetDataResponse: Stat */
export const setData: Operation<SetDataRequest, StatResult> = {
  name: 'setData',
  opCode: 5,
  write: writeSetData,
  read: (reader, reply) => ({ stat: readStat(reader), zxid: reply.zxid, cxid: reply.cxid }),
};
