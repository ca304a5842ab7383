/** What is run on other machines: POSIX shell, every value quoted, nothing secret in it (that comes on standard input). */
import { ownershipFile } from './ensemble-plan.ts';

/** One word of a shell, whatever it holds. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export interface RemoteServer {
  readonly id: number;
  readonly home: string;
  readonly dataFolder: string;
  readonly configFile: string;
}

const mainClass = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

/**
 * Prints the id of the process that runs with this configuration file. Whole arguments are compared, so that this script,
 * which holds the same words, is no match. Needs GNU grep.
 */
const findPid = (server: RemoteServer) => `
find_pid() {
  for file in $(grep -lszxF ${quote(mainClass)} /proc/[0-9]*/cmdline); do
    grep -qszxF ${quote(server.configFile)} "$file" || continue
    file=\${file#/proc/}
    echo "\${file%/cmdline}"
    return
  done
}`;

/** Makes the folder ours, or ends with a message when it holds something else. */
const claim = (folder: string, owner: string) => `
mkdir -p ${quote(folder)}
if [ -n "$(ls -A ${quote(folder)})" ] && [ "$(cat ${quote(`${folder}/${ownershipFile}`)} 2>/dev/null)" != ${quote(owner)} ]; then
  echo ${quote(`${folder} is not empty and not ours`)} >&2
  exit 65
fi
printf '%s\\n' ${quote(owner)} > ${quote(`${folder}/${ownershipFile}`)}`;

/** zoo.cfg comes on standard input. */
export const deployScript = (server: RemoteServer, owner: string) => `set -e
umask 077
${claim(server.home, owner)}
${claim(server.dataFolder, owner)}
echo ${server.id} > ${quote(`${server.dataFolder}/myid`)}
cat > ${quote(`${server.configFile}.partial`)}
mv ${quote(`${server.configFile}.partial`)} ${quote(server.configFile)}`;

/** The seed comes on standard input. */
export const seedScript = (server: RemoteServer, owner: string, fileName: string) => `set -e
umask 077
${findPid(server)}
if [ -n "$(find_pid)" ]; then echo ${quote(`server ${server.id} runs; its data cannot be replaced`)} >&2; exit 65; fi
${claim(server.dataFolder, owner)}
cat > ${quote(`${server.dataFolder}/seed.partial`)}
rm -rf ${quote(`${server.dataFolder}/version-2`)}
mkdir ${quote(`${server.dataFolder}/version-2`)}
mv ${quote(`${server.dataFolder}/seed.partial`)} ${quote(`${server.dataFolder}/version-2/${fileName}`)}`;

/** As it ran when it was stopped, else with \`argv\`; goes on when the connection ends. */
export const startScript = (server: RemoteServer, argv: readonly string[]) => `set -e
umask 077
${findPid(server)}
[ -z "$(find_pid)" ] || exit 0
mkdir -p ${quote(server.home)}
cd ${quote(server.home)}
if [ -f launch ]; then
  cd "$(cat launch-folder)"
  xargs -0 setsid nohup < ${quote(`${server.home}/launch`)} >> ${quote(`${server.home}/server.log`)} 2>&1 &
else
  setsid nohup ${argv.map(quote).join(' ')} >> server.log 2>&1 < /dev/null &
fi`;

export const stopScript = (server: RemoteServer, timeoutSec: number) => `set -e
umask 077
${findPid(server)}
pid=$(find_pid)
[ -n "$pid" ] || exit 0
mkdir -p ${quote(server.home)}
readlink "/proc/$pid/cwd" > ${quote(`${server.home}/launch-folder`)}
cat "/proc/$pid/cmdline" > ${quote(`${server.home}/launch`)}
kill -TERM "$pid"
left=${timeoutSec * 5}
while kill -0 "$pid" 2>/dev/null; do
  left=$((left - 1))
  if [ "$left" -le 0 ]; then echo "process $pid did not end" >&2; exit 75; fi
  sleep 0.2
done`;

export const statusScript = (server: RemoteServer) => `
${findPid(server)}
pid=$(find_pid)
if [ -n "$pid" ]; then echo "running process $pid"
elif [ -f ${quote(server.configFile)} ]; then echo stopped
else echo absent
fi`;

/** Removes only folders that carry our mark. */
export const destroyScript = (server: RemoteServer, owner: string) => `set -e
for folder in ${quote(server.dataFolder)} ${quote(server.home)}; do
  if [ "$(cat "$folder/${ownershipFile}" 2>/dev/null)" = ${quote(owner)} ]; then rm -rf "$folder"; fi
done`;

/** A tar stream of configuration and data on standard output. */
export const archiveScript = (server: RemoteServer) => `set -e
cfg=${quote(server.configFile)}
data=$(sed -n 's/^ *dataDir *= *//p' "$cfg" | tail -n 1)
logs=$(sed -n 's/^ *dataLogDir *= *//p' "$cfg" | tail -n 1)
tar -cf - "$cfg" "\${data:-${server.dataFolder.replaceAll(/["$`\\]/g, '')}}" $logs`;
