import type { Camera, Size } from '../camera.ts';
import type { Rgba } from './colour.ts';

/** Instances as the shaders read them. */
export interface Shapes {
  readonly data: Float32Array<ArrayBuffer>;
  readonly count: number;
}

/** What is to be seen; taken over by the painter. */
export interface PaintLoad {
  readonly hulls: Shapes;
  readonly edges: Shapes;
  readonly nodes: Shapes;
  /** Something moves although nothing changes. */
  readonly isFlowing: boolean;
  readonly ground: Rgba;
  readonly accent: Rgba;
}

export type PaintRequest =
  | { readonly kind: 'start'; readonly canvas: OffscreenCanvas; readonly isCalm: boolean }
  | { readonly kind: 'resize'; readonly size: Size; readonly ratio: number }
  | { readonly kind: 'load'; readonly load: PaintLoad }
  | { readonly kind: 'look'; readonly camera: Camera };

export type PaintAnswer =
  /** For the first time there are nodes on the screen. */
  { readonly kind: 'painted' } | { readonly kind: 'failed'; readonly message: string };
