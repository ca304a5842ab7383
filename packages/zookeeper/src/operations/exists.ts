import { withChroot } from '../protocol/path.ts';
import { readStat, type Stat } from '../protocol/stat.ts';
import type { Operation, Reply } from './operation.ts';

/** What `exists`, `getData` and `getChildren` ask alike. */
export interface ReadRequest {
  path: string;
  /** Whether the server shall send one event at the next change. */
  watch: boolean;
}

export interface StatResult extends Reply {
  stat: Stat;
}

/**
 * ExistsRequest: string path | bool watch
 * ExistsResponse: Stat. A node that does not exist is answered with the error NoNode.
 */
export const exists: Operation<ReadRequest, StatResult> = {
  name: 'exists',
  opCode: 3,
  write: (writer, request, chroot) => writer.string(withChroot(chroot, request.path)).bool(request.watch),
  read: (reader, reply) => ({ stat: readStat(reader), zxid: reply.zxid, cxid: reply.cxid }),
};
