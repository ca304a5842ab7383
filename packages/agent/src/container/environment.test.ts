import { expect, test } from 'vitest';
import { executorEnvironment } from './environment.ts';

test('an executor of a checkpointing framework has what one of a Mesos agent has', () => {
  const sandboxPath = '/var/lib/agent/slaves/S0/frameworks/F/executors/E/runs/C';
  const options = {
    frameworkId: 'F',
    executorId: 'E',
    agentId: 'S0',
    agentPid: 'slave(1)@127.0.0.5:5150',
    agentEndpoint: '127.0.0.5:5150',
    agentIp: '127.0.0.5',
    sandboxPath,
    checkpoint: true,
  };
  expect(executorEnvironment(options)).toEqual({
    LIBPROCESS_IP: '127.0.0.5',
    LIBPROCESS_PORT: '0',
    MESOS_AGENT_ENDPOINT: '127.0.0.5:5150',
    MESOS_CHECKPOINT: '1',
    MESOS_DIRECTORY: sandboxPath,
    MESOS_EXECUTOR_ID: 'E',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '5secs',
    MESOS_FRAMEWORK_ID: 'F',
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    MESOS_RECOVERY_TIMEOUT: '15mins',
    MESOS_SANDBOX: sandboxPath,
    MESOS_SLAVE_ID: 'S0',
    MESOS_SLAVE_PID: 'slave(1)@127.0.0.5:5150',
    MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
  });
  expect(executorEnvironment({ ...options, checkpoint: false })).not.toHaveProperty('MESOS_RECOVERY_TIMEOUT');
});
