/**
 * Nothing of the demo may stay behind, however it ends. A small shell in a session of its own waits for the end of a pipe,
 * which comes when this process closes it or dies; then it kills every process that was started with a path below the
 * demo's folder (the servers of B outlive the coordinator by design), and removes the folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const script = `
trap '' INT TERM HUP
cat >/dev/null
for _ in 1 2 3; do
  for process in /proc/[0-9]*; do
    pid=\${process#/proc/}
    [ "$pid" = $$ ] && continue
    tr '\\0' ' ' 2>/dev/null <"$process/cmdline" | grep -qF -- "$1/" && kill -9 "$pid" 2>/dev/null
  done
  sleep 0.2
done
rm -rf -- "$1"`;

export interface Leftovers {
  /** Resolves when nothing is left. Idempotent. */
  remove(): Promise<void>;
}

export function watchLeftovers(folder: string): Leftovers {
  const child = spawn('bash', ['-c', script, 'demo-leftovers', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const gone = once(child, 'exit');
  return {
    async remove() {
      child.stdin.end();
      await gone;
    },
  };
}
