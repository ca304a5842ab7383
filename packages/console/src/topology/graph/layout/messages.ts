import type { LayoutGraph } from './simulation.ts';

/** To the worker. `version` comes back with the positions, so that those of an older graph are not taken for it. */
export type LayoutRequest =
  | { readonly kind: 'graph'; readonly version: number; readonly graph: LayoutGraph }
  | {
      readonly kind: 'pin';
      readonly index: number;
      readonly place: { readonly x: number; readonly y: number } | undefined;
    };

export interface LayoutAnswer {
  readonly version: number;
  readonly positions: Float32Array<ArrayBuffer>;
  readonly isSettled: boolean;
}
