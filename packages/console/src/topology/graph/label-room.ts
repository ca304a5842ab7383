/** Where something is written already, so that nothing is written upon it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface LabelRoom {
  /** Keeps the place if nothing is there. @returns whether it is kept */
  take(box: Box): boolean;
}

/** Pixels between two. */
const gap = 2;

const isApart = (a: Box, b: Box) =>
  a.left + a.width + gap <= b.left ||
  b.left + b.width + gap <= a.left ||
  a.top + a.height + gap <= b.top ||
  b.top + b.height + gap <= a.top;

/** Compares each with each: for some hundreds, as many as a person could read. */
export function createLabelRoom(): LabelRoom {
  const taken: Box[] = [];
  return {
    take(box) {
      if (!taken.every((other) => isApart(other, box))) return false;
      taken.push(box);
      return true;
    },
  };
}
