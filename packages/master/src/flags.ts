/** The flags of a master: those of Mesos, by the names that operators know. */
import {
  completeFlags,
  currentFlagName,
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

/** `LIBPROCESS_SSL_CERT_FILE`, and `SSL_CERT_FILE` as it was once, are settings of TLS. */
function tlsSettingOf(variable: string): string | undefined {
  const [, setting] = /^(?:LIBPROCESS_)?(SSL_[A-Z0-9_]+)$/.exec(variable) ?? [];
  return setting === undefined ? undefined : currentFlagName(masterFlags, setting.toLowerCase());
}

export const masterFlags: FlagProgram = {
  name: 'a master',
  table: flagTable,
  folders: ['mesos-master'],
  zkFlag: 'zk',
  flagOfVariable: (variable) => libprocessNames[variable] ?? tlsSettingOf(variable),
};

/** @throws MasterError `config` for a flag that no master has */
export async function readFlags(sources: FlagSources): Promise<Flags> {
  try {
    return completeFlags(masterFlags, await readGivenFlags(masterFlags, sources));
  } catch (error) {
    throw asConfigError(error);
  }
}

/** Flags that were given and do nothing here, with the reason; for a warning at the start. */
export const flagsWithoutEffect = (flags: Flags) => ofProgram(masterFlags, flags);
