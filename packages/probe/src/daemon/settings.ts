import type { ProbeConfig } from '../config/load.ts';
import { ProbeError } from '../errors.ts';
import type { Environment } from './secrets.ts';

/** Holds the checked configuration, as JSON, for the process that watches; there are no secrets in it. */
export const settingsVariable = 'ORCHESTRATOR_CHECKED_SETTINGS';

/** @throws ProbeError `config` if the process was not started by `runProbe` */
export function readSettings(environment: Environment): ProbeConfig {
  const text = environment[settingsVariable];
  if (text === undefined)
    throw new ProbeError(`${settingsVariable} is not set`, {
      code: 'config',
      remedy: 'start the probe with `orchestrator probe`',
    });
  return JSON.parse(text);
}
