import type { JuteWriter } from '../jute/writer.ts';
import { withChroot } from '../protocol/path.ts';
import type { Operation, Reply } from './operation.ts';

export interface DeleteRequest {
  path: string;
  /** Expected version; -1, the default, for any. */
  version?: number | undefined;
}

/** DeleteRequest: string path | int version */
export function writeDelete(writer: JuteWriter, request: DeleteRequest, chroot: string): void {
  writer.string(withChroot(chroot, request.path)).int(request.version ?? -1);
}

export const deleteNode: Operation<DeleteRequest, Reply> = {
  name: 'delete',
  opCode: 2,
  write: writeDelete,
  read: (_reader, reply) => ({ zxid: reply.zxid, cxid: reply.cxid }),
};
