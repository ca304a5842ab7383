/** The checks that a task asks for, in the words of the check machine. */
import {
  CheckInfo_Type,
  type CheckInfoValid,
  type CommandInfoValid,
  HealthCheck_Type,
  type HealthCheckValid,
} from '@orchestrator/mesos';
import type { CheckTimes, HealthCheckTimes } from '../checks/machine.ts';
import type { Probe } from '../checks/probes.ts';

function commandProbe({ shell, value, arguments: words, environment }: CommandInfoValid): Probe {
  const variables = (environment?.variables ?? []).map(({ name, value: text }) => [name, text]);
  const command = { shell, ...(value !== '' && { value }), arguments: words };
  return { type: 'command', command, environment: Object.fromEntries(variables) };
}

const slashed = (path: string) => (path.startsWith('/') ? path : `/${path}`);

const timesOf = (check: {
  delaySeconds: number;
  intervalSeconds: number;
  timeoutSeconds: number;
}): CheckTimes => ({
  delayMs: check.delaySeconds * 1000,
  intervalMs: check.intervalSeconds * 1000,
  timeoutMs: check.timeoutSeconds * 1000,
});

/** Undefined for a type that is none. */
export function healthCheckOf(
  check: HealthCheckValid,
): { probe: Probe; times: HealthCheckTimes } | undefined {
  const times: HealthCheckTimes = {
    ...timesOf(check),
    gracePeriodMs: check.gracePeriodSeconds * 1000,
    consecutiveFailures: check.consecutiveFailures,
  };
  const { type, command, http, tcp } = check;
  if (type === HealthCheck_Type.HTTP && http !== undefined) {
    const scheme = http.scheme === 'https' ? 'https' : 'http';
    return { probe: { type: 'http', port: http.port, path: slashed(http.path), scheme }, times };
  }
  if (type === HealthCheck_Type.TCP && tcp !== undefined)
    return { probe: { type: 'tcp', port: tcp.port }, times };
  if (type === HealthCheck_Type.COMMAND && command !== undefined)
    return { probe: commandProbe(command), times };
  return undefined;
}

export function checkOf(check: CheckInfoValid): { probe: Probe; times: CheckTimes } | undefined {
  const times = timesOf(check);
  const { type, command, http, tcp } = check;
  if (type === CheckInfo_Type.HTTP && http !== undefined) {
    return { probe: { type: 'http', port: http.port, path: slashed(http.path) }, times };
  }
  if (type === CheckInfo_Type.TCP && tcp !== undefined)
    return { probe: { type: 'tcp', port: tcp.port }, times };
  if (type === CheckInfo_Type.COMMAND && command !== undefined)
    return { probe: commandProbe(command.command), times };
  return undefined;
}
