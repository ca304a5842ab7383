/** The flags of an agent: those of Mesos, by the names that operators know. */
import { hostname as hostnameOfMachine } from 'node:os';
import {
  completeFlags as completeFor,
  type FlagProgram,
  type FlagSources,
  type Flags,
  flagsWithoutEffect as ofProgram,
  readGivenFlags,
} from '@orchestrator/mesos';
import { asConfigError } from './errors.ts';
import { flagTable } from './flag-table.ts';

/** What libprocess reads from its environment. */
const libprocessNames: Readonly<Record<string, string>> = {
  LIBPROCESS_IP: 'ip',
  LIBPROCESS_ADVERTISE_IP: 'advertise_ip',
  LIBPROCESS_ADVERTISE_PORT: 'advertise_port',
};

export const agentFlags: FlagProgram = {
  name: 'an agent',
  table: flagTable,
  folders: ['mesos-slave', 'mesos-agent'],
  zkFlag: 'master',
  flagOfVariable: (variable) => libprocessNames[variable],
};

/** All that have an effect. */
export const agentFlagNames: readonly string[] = Object.entries(flagTable)
  .filter(([, { effect }]) => effect === 'same' || effect === 'differs')
  .map(([name]) => name);

/** Those among the given that change nothing here. */
export const flagsWithoutEffect = (flags: Flags): string[] =>
  ofProgram(agentFlags, flags).map(({ name }) => name);

/** With the defaults of what is not given. @throws MesosError `invalid` */
export const completeFlags = (given: Flags): Flags =>
  completeFor(agentFlags, { hostname: hostnameOfMachine(), ...given });

/** What is given, for `runAgent`; without defaults. @throws AgentError `Config` */
export async function readAgentFlags(sources: FlagSources): Promise<Flags> {
  try {
    return await readGivenFlags(agentFlags, sources);
  } catch (error) {
    throw asConfigError(error);
  }
}
