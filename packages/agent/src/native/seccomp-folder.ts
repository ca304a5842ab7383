/** Where an operator keeps filters of system calls for native containers. */
import { join } from 'node:path';
import { readIfThere } from '../container/read-if-there.ts';
import type { ContainerSpec } from '../container/spec.ts';
import { AgentError } from '../errors.ts';

export interface SeccompProfiles {
  folder: string;
  /** Of containers that name none; default the agent's own list. */
  defaultName?: string | undefined;
}

/** Undefined when the agent's own list counts. @throws AgentError `InvalidContainer` for one that is not there */
export async function readSeccompProfile(
  { containerId, linux }: ContainerSpec,
  profiles: SeccompProfiles | undefined,
): Promise<{ name: string; text: string } | undefined> {
  const wanted = linux?.seccomp;
  if (wanted === 'unconfined') return undefined;
  const name = wanted?.profile ?? profiles?.defaultName;
  if (name === undefined) return undefined;
  const complain = (what: string) =>
    new AgentError('InvalidContainer', `container ${containerId}: seccomp profile ${name}: ${what}`);
  if (profiles === undefined) throw complain('this agent has no --seccomp_config_dir');
  if (name.startsWith('/') || name.split('/').includes('..')) throw complain('it leads out of its folder');
  const text = await readIfThere(join(profiles.folder, name));
  if (text === undefined) throw complain(`there is none in ${profiles.folder}`);
  return { name, text };
}
