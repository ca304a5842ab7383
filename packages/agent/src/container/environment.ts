/** The environment that an agent gives to executors, and to command tasks, as Mesos documents it. Pure. */
import { formatDuration, tlsSettings, tlsVariables } from '@orchestrator/mesos';

export interface ExecutorEnvironmentOptions {
  frameworkId: string;
  executorId: string;
  agentId: string;
  /** `slave(1)@ip:port` */
  agentPid: string;
  /** `ip:port` */
  agentEndpoint: string;
  /** Left out when the agent has none to tell. */
  agentIp?: string;
  sandboxPath: string;
  /** The framework has asked for checkpoints. */
  checkpoint: boolean;
  /** Default 5 s. */
  shutdownGracePeriodMs?: number;
  /** Default 15 minutes; told when `checkpoint`. */
  recoveryTimeoutMs?: number;
  /** Default 2 s; told when `checkpoint`. */
  subscriptionBackoffMaxMs?: number;
  /** Of the resources that it runs on. */
  allocationRole?: string | undefined;
  /** Secret. */
  authenticationToken?: string;
}

/** What an agent with TLS tells executors of it, by the names of today; empty for one without. */
export function tlsEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const read = tlsVariables(environment);
  const told: Record<string, string> = {};
  for (const setting of tlsSettings) {
    const value = read(setting);
    if (value !== undefined) told[`LIBPROCESS_${setting.toUpperCase()}`] = value;
  }
  return told;
}

export function executorEnvironment(options: ExecutorEnvironmentOptions): Record<string, string> {
  const {
    shutdownGracePeriodMs = 5_000,
    recoveryTimeoutMs = 900_000,
    subscriptionBackoffMaxMs = 2_000,
  } = options;
  return {
    ...(options.agentIp !== undefined && { LIBPROCESS_IP: options.agentIp }),
    LIBPROCESS_PORT: '0',
    MESOS_AGENT_ENDPOINT: options.agentEndpoint,
    ...(options.allocationRole !== undefined && { MESOS_ALLOCATION_ROLE: options.allocationRole }),
    MESOS_CHECKPOINT: options.checkpoint ? '1' : '0',
    MESOS_DIRECTORY: options.sandboxPath,
    MESOS_EXECUTOR_ID: options.executorId,
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: formatDuration(shutdownGracePeriodMs),
    MESOS_FRAMEWORK_ID: options.frameworkId,
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    ...(options.checkpoint && {
      MESOS_RECOVERY_TIMEOUT: formatDuration(recoveryTimeoutMs),
      MESOS_SUBSCRIPTION_BACKOFF_MAX: formatDuration(subscriptionBackoffMaxMs),
    }),
    ...(options.authenticationToken !== undefined && {
      MESOS_EXECUTOR_AUTHENTICATION_TOKEN: options.authenticationToken,
    }),
    MESOS_SANDBOX: options.sandboxPath,
    MESOS_SLAVE_ID: options.agentId,
    MESOS_SLAVE_PID: options.agentPid,
  };
}
