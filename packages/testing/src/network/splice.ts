import type { Socket } from 'node:net';

/** Carries bytes and ends both ways between two sockets made with `allowHalfOpen`; when one breaks, so does the other. */
export function splice(left: Socket, right: Socket): void {
  left.pipe(right).pipe(left);
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}
