/**
 * What has to be gone when this process is gone, however it went. A small shell, in a session of its own, holds the
 * list and the reading end of a pipe; when the pipe ends, because this process closed it or died, the shell undoes what
 * is on the list, last first. Every entry is harmless once it has been undone, so that nothing is ever taken off.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * `folder`: removed with all that is in it. `mount`: unmounted. `netns`: a network namespace, deleted. `cgroup`: its
 * processes killed, frozen ones too, then removed from every hierarchy. `bridges`: those whose IPv4 address begins so, deleted.
 */
type LeftoverKind = 'folder' | 'mount' | 'netns' | 'cgroup' | 'bridges';

// Servers are killed by the kernel when their parent dies, but a JVM may take a moment, and may still write meanwhile.
const script = `
trap '' INT TERM HUP
end_cgroup() {
  local roots=(/sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1") attempt
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    find "\${roots[@]}" -name freezer.state -exec sh -c 'echo THAWED >"$0"' {} ';'
    find "\${roots[@]}" -name cgroup.freeze -exec sh -c 'echo 0 >"$0"' {} ';'
    find "\${roots[@]}" -name cgroup.procs -exec cat {} + | sort -u | xargs -r kill -9
    find "\${roots[@]}" -depth -type d -exec rmdir {} +
    compgen -G "/sys/fs/cgroup/*/$1" >/dev/null || [ -d "/sys/fs/cgroup/$1" ] || return
    sleep 0.2
  done
}
end_bridges() {
  ip -o -4 address show | awk -v prefix="$1" 'index($4, prefix) == 1 { print $2 }' |
    while read -r link; do ip link delete "$link"; done
}
entries=()
while IFS= read -r line; do entries+=("$line"); done
for ((i = \${#entries[@]} - 1; i >= 0; i--)); do
  subject=\${entries[i]#* }
  case \${entries[i]} in
    'folder '*) for _ in 1 2 3 4 5; do rm -rf -- "$subject" && break; sleep 0.3; done ;;
    'mount '*) umount --lazy -- "$subject" ;;
    'netns '*) ip netns delete "$subject" ;;
    'cgroup '*) end_cgroup "$subject" ;;
    'bridges '*) end_bridges "$subject" ;;
  esac
done`;

let janitor: ChildProcess | undefined;

function hire(): ChildProcess {
  const child = spawn('bash', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  (child.stdin as Socket).unref();
  // Writing to a janitor that somebody killed must not take the tests down with it.
  child.on('error', () => {
    janitor = undefined;
  });
  child.stdin?.on('error', () => {
    janitor = undefined;
  });
  return child;
}

/** Has it undone at the latest when this process ends. `subject` is an absolute path or a name, without line breaks. */
export function undoAtExit(kind: LeftoverKind, subject: string): void {
  janitor ??= hire();
  janitor.stdin?.write(`${kind} ${subject}\n`);
}
