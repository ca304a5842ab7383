import type { JuteWriter } from '../jute/writer.ts';
import { withChroot } from '../protocol/path.ts';
import type { Operation, Reply } from './operation.ts';

/** Which watches of a path: those on the node itself (`data`), on its list of children, or every kind. */
export type WatcherType = 'children' | 'data' | 'any';

const watcherTypes: Record<WatcherType, number> = { children: 1, data: 2, any: 3 };
const addWatchModes = { persistent: 0, persistentRecursive: 1 } as const;

const acknowledged = (_reader: unknown, reply: Reply): Reply => ({ zxid: reply.zxid, cxid: reply.cxid });

/** AddWatchRequest: string path | int mode. Since 3.6. */
export const addWatch: Operation<{ path: string; mode: keyof typeof addWatchModes }, Reply> = {
  name: 'addWatch',
  opCode: 106,
  write: (writer, request, chroot) =>
    writer.string(withChroot(chroot, request.path)).int(addWatchModes[request.mode]),
  read: acknowledged,
};

interface WatchesRequest {
  path: string;
  type: WatcherType;
}

function writeWatches(writer: JuteWriter, request: WatchesRequest, chroot: string): void {
  writer.string(withChroot(chroot, request.path)).int(watcherTypes[request.type]);
}

/** CheckWatchesRequest: string path | int type. Since 3.5; fails with NoWatcher when the server holds no such watch. */
export const checkWatches: Operation<WatchesRequest, Reply> = {
  name: 'checkWatches',
  opCode: 17,
  write: writeWatches,
  read: acknowledged,
};

/** RemoveWatchesRequest: string path | int type. Since 3.5; fails with NoWatcher when the server holds no such watch. */
export const removeWatches: Operation<WatchesRequest, Reply> = {
  name: 'removeWatches',
  opCode: 18,
  write: writeWatches,
  read: acknowledged,
};
