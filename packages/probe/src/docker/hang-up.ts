import type { HostFacts } from '../host/facts.ts';
import { readKernelText } from '../procfs/read.ts';
import type { DockerApi } from './api.ts';

/**
 * Ends what was started in a container with a terminal, as a terminal does that is closed. The Engine leaves it running when
 * its connection goes: every shell that somebody has left would stay there for as long as its container.
 *
 * The Engine tells the process id of the host. Where we see other processes under that number - in a container without
 * `--pid=host` - nothing is done: the control group says whose a process is.
 */
export async function hangUp(
  api: DockerApi,
  { procRoot }: Pick<HostFacts, 'procRoot'>,
  { containerId, execId }: { readonly containerId: string; readonly execId: string },
): Promise<void> {
  const { Running, Pid } = Object(await api.get(`/exec/${execId}/json`));
  if (Running !== true || typeof Pid !== 'number' || Pid <= 1 || procRoot !== '/proc') return;
  if (readKernelText(`${procRoot}/${Pid}/cgroup`)?.includes(containerId) !== true) return;
  try {
    process.kill(Pid, 'SIGHUP');
  } catch (error) {
    // It has ended meanwhile.
    if (Object(error).code !== 'ESRCH') throw error;
  }
}
