import { withChroot } from '../protocol/path.ts';
import type { Operation, Reply } from './operation.ts';

export interface GetAllChildrenNumberResult extends Reply {
  /** All nodes below the path, at any depth. */
  count: number;
}

/**
 * Since 3.6. The server walks over all its paths for the answer.
 *
 * GetAllChildrenNumberRequest: string path
 * GetAllChildrenNumberResponse: int totalNumber
 */
export const getAllChildrenNumber: Operation<{ path: string }, GetAllChildrenNumberResult> = {
  name: 'getAllChildrenNumber',
  opCode: 104,
  write: (writer, request, chroot) => writer.string(withChroot(chroot, request.path)),
  read: (reader, reply) => ({ count: reader.int(), zxid: reply.zxid, cxid: reply.cxid }),
};
