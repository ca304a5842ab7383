import { withChroot, withoutChroot } from '../protocol/path.ts';
import type { CreateResult } from './create.ts';
import type { Operation } from './operation.ts';

/**
 * Answered once the server has caught up with the leader; reads sent after it see everything committed before it.
 *
 * SyncRequest: string path
 * SyncResponse: string path
 */
export const sync: Operation<{ path: string }, CreateResult> = {
  name: 'sync',
  opCode: 9,
  write: (writer, request, chroot) => writer.string(withChroot(chroot, request.path)),
  read: (reader, reply, chroot) => ({
    path: withoutChroot(chroot, reader.string()),
    zxid: reply.zxid,
    cxid: reply.cxid,
  }),
};
