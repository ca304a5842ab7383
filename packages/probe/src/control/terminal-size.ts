import { ProbeError } from '../errors.ts';
import type { ControlCall } from './desk.ts';

/** @throws ProbeError `invalid` */
export function terminalSize({ arguments: given }: ControlCall): { width: number; height: number } {
  const [width, height] = [Number(given.width), Number(given.height)];
  const isSize = (value: number) => Number.isInteger(value) && value > 0 && value <= 10_000;
  if (isSize(width) && isSize(height)) return { width, height };
  throw new ProbeError(`a terminal cannot be ${given.width} × ${given.height}`, {
    code: 'invalid',
    remedy: 'give width and height in characters',
  });
}
