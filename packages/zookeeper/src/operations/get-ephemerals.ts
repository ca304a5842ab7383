import { withChroot, withoutChroot } from '../protocol/path.ts';
import type { Operation, Reply } from './operation.ts';

export interface GetEphemeralsResult extends Reply {
  /** Paths of this session's ephemeral nodes. */
  ephemerals: string[];
}

/**
 * Since 3.6.
 *
 * GetEphemeralsRequest: string prefixPath
 * GetEphemeralsResponse: vector<string>
 */
export const getEphemerals: Operation<{ prefix: string }, GetEphemeralsResult> = {
  name: 'getEphemerals',
  opCode: 103,
  write: (writer, request, chroot) => writer.string(withChroot(chroot, request.prefix)),
  read: (reader, reply, chroot) => ({
    ephemerals: reader.vector((item) => withoutChroot(chroot, item.string()), 4),
    zxid: reply.zxid,
    cxid: reply.cxid,
  }),
};
