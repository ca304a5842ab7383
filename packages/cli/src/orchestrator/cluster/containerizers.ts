/** How this machine can run containers. */

import { existsSync } from 'node:fs';
import { connect } from 'node:net';

export interface ContainerizerFinding {
  readonly names: readonly string[];
  /** What cannot be had, and why; for people. */
  readonly remarks: readonly string[];
}

/** Where Docker's own commands look, as far as that is on this machine. */
export function dockerSocketOf({ DOCKER_HOST: host = '' }: NodeJS.ProcessEnv): string {
  const scheme = 'unix://';
  return host.startsWith(scheme) ? host.slice(scheme.length) : '/var/run/docker.sock';
}

const answers = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** In the order of preference; plain processes, which isolate nothing, where there is neither runc nor root. */
export async function findContainerizers(
  userId: number,
  dockerSocket: string,
): Promise<ContainerizerFinding> {
  const { nativeMissing } = await import('@orchestrator/agent');
  const names: string[] = [];
  const remarks: string[] = [];
  if (existsSync(dockerSocket) && (await answers(dockerSocket))) names.push('docker');
  else remarks.push(`no Docker Engine answers at ${dockerSocket}: tasks cannot have Docker images`);
  const missing = userId === 0 ? nativeMissing() : 'only root may use runc';
  if (missing === undefined) names.push('native');
  else {
    names.push('process');
    remarks.push(`${missing}: tasks without an image run as plain processes, which isolate nothing`);
  }
  return { names, remarks };
}
