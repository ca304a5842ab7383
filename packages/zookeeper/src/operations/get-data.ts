import type { JuteReader } from '../jute/reader.ts';
import { withChroot } from '../protocol/path.ts';
import { readStat, type Stat } from '../protocol/stat.ts';
import type { ReadRequest } from './exists.ts';
import type { Operation, Reply } from './operation.ts';

export interface GetDataResult extends Reply {
  /** `null` where the node was created with no data at all. */
  data: Buffer | null;
  stat: Stat;
}

/** GetDataResponse: buffer data | Stat */
export function readGetData(reader: JuteReader, reply: Reply): GetDataResult {
  const data = reader.bufferCopy();
  return { data, stat: readStat(reader), zxid: reply.zxid, cxid: reply.cxid };
}

/** GetDataRequest: string path | bool watch */
export const getData: Operation<ReadRequest, GetDataResult> = {
  name: 'getData',
  opCode: 4,
  write: (writer, request, chroot) => writer.string(withChroot(chroot, request.path)).bool(request.watch),
  read: readGetData,
};
