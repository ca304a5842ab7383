/** An agent that speaks TLS only: to its master, and to whoever asks it. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Resources, TaskState } from '@orchestrator/mesos';
import { testCertificates } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

let cluster: SmallCluster;
let ca: Buffer;

beforeAll(async () => {
  const { caFile, server } = await testCertificates();
  ca = await readFile(caFile);
  const environment = {
    LIBPROCESS_SSL_ENABLED: '1',
    LIBPROCESS_SSL_KEY_FILE: server.keyFile,
    LIBPROCESS_SSL_CERT_FILE: server.certificateFile,
    LIBPROCESS_SSL_CA_FILE: caFile,
    LIBPROCESS_SSL_VERIFY_SERVER_CERT: '1',
  };
  cluster = await SmallCluster.start({
    environment,
    // Its framework speaks plainly.
    masterEnvironment: { ...environment, LIBPROCESS_SSL_SUPPORT_DOWNGRADE: '1' },
    isOpen: false,
  });
});
afterAll(() => cluster?.close());

async function ask(path: string): Promise<string> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: cluster.agentPort, path, ca, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
  return await text(answer);
}

test('it registers, runs tasks and answers, and takes no plain connection', async () => {
  await cluster.run('task', 'echo over; exit 0');
  await cluster.until('task', TaskState.TASK_FINISHED);
  expect(JSON.parse(await ask('/state'))).toMatchObject({ id: cluster.agentId });
  await expect(fetch(`${cluster.agentUrl}/health`)).rejects.toThrow();
});

test.each([
  ['of the v1 API', 'executor-program.ts'],
  ['of libprocess', 'old-executor-program.ts'],
])('an executor %s is told how to speak with it', async (_kind, file) => {
  const value = `exec ${process.execPath} ${fileURLToPath(new URL(file, import.meta.url))}`;
  const frameworkId = { value: cluster.framework?.frameworkId ?? '' };
  const resources = Resources.parse('cpus:0.1;mem:32').allocatedTo('*').toMessages();
  const executor = { type: 2, executorId: { value: file }, frameworkId, command: { value }, resources };
  await cluster.launch(cluster.task(file, { executor, data: Buffer.from('d') }));
  const { data } = await cluster.until(file, TaskState.TASK_RUNNING);
  expect(Buffer.from(data).toString()).toBe('d');
  await cluster.kill(file);
  await cluster.until(file, TaskState.TASK_KILLED);
});

test('tasks are told nothing of it', async () => {
  await cluster.run('curious', '[ -z "$LIBPROCESS_SSL_KEY_FILE" ] && [ "$LIBPROCESS_PORT" = 0 ]');
  await cluster.until('curious', TaskState.TASK_FINISHED);
});
