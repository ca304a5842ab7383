import { MesosError } from '../errors.ts';
import { parseDuration } from '../messages/duration.ts';

/** What an agent tells an executor that it starts, in its environment. */
export interface ExecutorEnvironment {
  agent: { host: string; port: number };
  executorId: string;
  frameworkId: string;
  /** The sandbox. */
  directory: string;
  /** Whether the agent finds its executors again after a restart. */
  checkpoint: boolean;
  /** How long to wait for an agent that restarts. */
  recoveryTimeoutMs: number;
  /** Longest delay before subscribing again. */
  subscriptionBackoffMaxMs: number;
  /** For tasks to end after SHUTDOWN. */
  shutdownGracePeriodMs: number;
  authenticationToken: string | undefined;
}

/** Throws `MesosError` (`invalid`) that names the variable that is missing or wrong. */
export function readExecutorEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): ExecutorEnvironment {
  function need(name: string): string {
    const value = variables[name];
    if (value !== undefined) return value;
    throw new MesosError(`${name} is not set`, {
      code: 'invalid',
      remedy: 'let an agent start this executor',
    });
  }
  const duration = (name: string, fallback: string) => parseDuration(variables[name] ?? fallback);
  const endpoint = need('MESOS_AGENT_ENDPOINT');
  const colon = endpoint.lastIndexOf(':');
  const port = Number(endpoint.slice(colon + 1));
  if (colon === -1 || !Number.isInteger(port)) {
    throw new MesosError(`MESOS_AGENT_ENDPOINT is ${JSON.stringify(endpoint)}, not host:port`, {
      code: 'invalid',
    });
  }
  return {
    agent: { host: endpoint.slice(0, colon), port },
    executorId: need('MESOS_EXECUTOR_ID'),
    frameworkId: need('MESOS_FRAMEWORK_ID'),
    directory: need('MESOS_DIRECTORY'),
    checkpoint: variables.MESOS_CHECKPOINT === '1',
    recoveryTimeoutMs: duration('MESOS_RECOVERY_TIMEOUT', '15mins'),
    subscriptionBackoffMaxMs: duration('MESOS_SUBSCRIPTION_BACKOFF_MAX', '2secs'),
    shutdownGracePeriodMs: duration('MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD', '5secs'),
    authenticationToken: variables.MESOS_EXECUTOR_AUTHENTICATION_TOKEN,
  };
}
