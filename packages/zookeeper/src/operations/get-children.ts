import type { JuteReader } from '../jute/reader.ts';
import { withChroot } from '../protocol/path.ts';
import { readStat, type Stat } from '../protocol/stat.ts';
import type { ReadRequest } from './exists.ts';
import type { Operation, Reply } from './operation.ts';

export interface GetChildrenResult extends Reply {
  /** Names, not paths, in no particular order. */
  children: string[];
}

export interface GetChildren2Result extends GetChildrenResult {
  stat: Stat;
}

/** GetChildrenResponse: vector<string> */
export function readGetChildren(reader: JuteReader, reply: Reply): GetChildrenResult {
  return { children: reader.vector((item) => item.string(), 4), zxid: reply.zxid, cxid: reply.cxid };
}

/** GetChildrenRequest: string path | bool watch */
export const getChildren: Operation<ReadRequest, GetChildrenResult> = {
  name: 'getChildren',
  opCode: 8,
  write: (writer, request, chroot) => writer.string(withChroot(chroot, request.path)).bool(request.watch),
  read: readGetChildren,
};

/**
 * GetChildren2Request: string path | bool watch
 * GetChildren2Response: vector<string> | Stat
 */
export const getChildren2: Operation<ReadRequest, GetChildren2Result> = {
  name: 'getChildren2',
  opCode: 12,
  write: getChildren.write,
  read: (reader, reply) => ({
    children: reader.vector((item) => item.string(), 4),
    stat: readStat(reader),
    zxid: reply.zxid,
    cxid: reply.cxid,
  }),
};
