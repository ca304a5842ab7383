import { ZooKeeperError } from '../errors.ts';
import type { JuteReader } from '../jute/reader.ts';

const typeNames = {
  1: 'nodeCreated',
  2: 'nodeDeleted',
  3: 'nodeDataChanged',
  4: 'nodeChildrenChanged',
  5: 'dataWatchRemoved',
  6: 'childWatchRemoved',
  7: 'persistentWatchRemoved',
} as const;

export type WatchEventType = (typeof typeNames)[keyof typeof typeNames];

/** WatcherEvent: int type | int state | string path */
export function readWatchEvent(reader: JuteReader): { type: WatchEventType; path: string } {
  const number = reader.int();
  reader.int();
  const type = typeNames[number as keyof typeof typeNames];
  if (type === undefined) throw new ZooKeeperError('ProtocolError', `watch event of unknown type ${number}`);
  return { type, path: reader.string() };
}
