/** Colours of the theme for shaders. */
import { token } from '../../../theme/theme.ts';

/** Each from 0 to 1. */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** A canvas knows every way to write a colour, and gives it back in one. */
const reader = document.createElement('canvas').getContext('2d');

export function themeColour(name: string): Rgba {
  if (reader === null) throw new Error('this browser offers no canvas');
  reader.fillStyle = token(name);
  const digits = String(reader.fillStyle);
  const channel = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16) / 255;
  return [channel(1), channel(3), channel(5), 1];
}

/** In the four bytes of one number of a buffer. */
export const packed = ([red, green, blue, alpha]: Rgba, opacity = 1): number =>
  ((Math.round(alpha * opacity * 255) << 24) |
    (Math.round(blue * 255) << 16) |
    (Math.round(green * 255) << 8) |
    Math.round(red * 255)) >>>
  0;
