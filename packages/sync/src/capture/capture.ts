/** Every way of following one ensemble gives this: a mirror, then what happens after it, in order. */
import type { Tree, Txn } from '@orchestrator/zookeeper';
import type { CaptureMode } from '../engine-types.ts';

export type CaptureEvent =
  /**
   * The whole tree, exact at `tree.zxid`; the stream goes on from there. Comes first, and again whenever the stream could
   * not be continued. It belongs to the receiver, who applies the transactions that follow to it.
   */
  | { readonly kind: 'mirror'; readonly tree: Tree }
  | {
      readonly kind: 'txns';
      /** In order, each once. */
      readonly txns: readonly Txn[];
      /** On the clock's monotonic scale. */
      readonly arrivedMs: number;
    }
  /**
   * All changes up to `zxid` have been handed out. Without history: in comparison with a mirror that held all up to `knew`.
   */
  | { readonly kind: 'progress'; readonly zxid: bigint; readonly knew?: bigint }
  /** Whether changes reach us at present; `reason` says why not, or over what. */
  | { readonly kind: 'link'; readonly up: boolean; readonly reason: string }
  /** The ensemble, which had committed `seen`, has only `found`: it is not what it was. Comes last. */
  | { readonly kind: 'wentBack'; readonly seen: bigint; readonly found: bigint };

export interface Capture {
  readonly mode: CaptureMode;
  /** Why this mode, in words. */
  readonly reason: string;
  /** To be iterated over once; what is not taken waits, in bounded memory and then on disk or at the server. */
  events(): AsyncIterable<CaptureEvent>;
  /** The mirror is not what the servers have: another `mirror` follows. */
  restart(): void;
  /** Captures without history read these paths again at once, then tell of `progress`; an observer has nothing to do. */
  refresh(paths: readonly string[]): void;
  /** Paths that are left out because our credentials may not read them; an observer reads everything. */
  unreadable(): readonly string[];
  close(): void;
}
