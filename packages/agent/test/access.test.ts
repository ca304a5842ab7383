/** Who an agent is to its master, and who may ask an agent for what. */
import { readFile } from 'node:fs/promises';
import { TaskState } from '@orchestrator/mesos';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const credentials = (...names: string[]) =>
  JSON.stringify({
    credentials: names.map((principal) => ({ principal, secret: `secret of ${principal}` })),
  });
const credential = (principal: string, secret = `secret of ${principal}`) =>
  JSON.stringify({ principal, secret });

const acls = {
  permissive: false,
  view_frameworks: [{ principals: { values: ['operator'] }, users: { type: 'ANY' } }],
  view_executors: [{ principals: { values: ['operator'] }, users: { type: 'ANY' } }],
  view_tasks: [{ principals: { values: ['operator'] }, users: { values: ['root'] } }],
  access_sandboxes: [{ principals: { values: ['operator'] }, users: { type: 'ANY' } }],
  get_endpoints: [{ principals: { type: 'ANY' }, paths: { values: ['/metrics'] } }],
  // Of masters; passed over.
  register_agents: [{ principals: { type: 'ANY' }, agents: { type: 'ANY' } }],
};

let cluster: SmallCluster;

beforeAll(async () => {
  cluster = await SmallCluster.start({
    masterFlags: { authenticate_agents: 'true', credentials: credentials('agent') },
    flags: {
      credential: credential('agent'),
      ...{ authenticate_http_readonly: 'true', authenticate_http_readwrite: 'true' },
      ...{ http_credentials: credentials('operator', 'guest'), acls: JSON.stringify(acls) },
      firewall_rules: '{"disabled_endpoints": {"paths": ["/files/download"]}}',
    },
    isOpen: false,
  });
});
afterAll(() => cluster?.close());

async function ask(path: string, principal?: string, secret = `secret of ${principal}`) {
  const authorization = `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
  return await fetch(`${cluster.agentUrl}${path}`, {
    headers: principal === undefined ? {} : { authorization },
  });
}

test('the master takes an agent that knows its secret, and its tasks run', async () => {
  await cluster.run('task', 'exec sleep 1000');
  await cluster.until('task', TaskState.TASK_RUNNING);
});

test('who shows no credentials, or wrong ones, is answered with 401 and the realm', async () => {
  for (const answer of [await ask('/state'), await ask('/state', 'operator', 'wrong')]) {
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="mesos-agent-readonly"');
  }
  const post = await fetch(`${cluster.agentUrl}/api/v1`, { method: 'POST', body: '{"type":"GET_STATE"}' });
  expect(post.headers.get('www-authenticate')).toBe('Basic realm="mesos-agent-readwrite"');
  expect((await ask('/health')).status).toBe(200);
});

test('ACLs decide what is seen', async () => {
  const seen = async (principal: string) => (await (await ask('/state', principal)).json()) as never as State;
  const [whole, nothing] = [await seen('operator'), await seen('guest')];
  expect(whole.frameworks[0]?.executors[0]?.tasks[0]).toMatchObject({ id: 'task' });
  expect(nothing.frameworks).toEqual([]);
  expect(whole.flags).toBeUndefined();
  expect((await ask('/flags', 'operator')).status).toBe(403);
  expect((await ask('/metrics', 'guest')).status).toBe(200);
  expect((await ask('/containers', 'guest')).status).toBe(403);
  const path = `/files/browse?path=${cluster.sandbox('task')}`;
  expect((await ask(path, 'guest')).status).toBe(403);
  expect((await ask(path, 'operator')).status).toBe(200);
});

test('what the firewall names is there for nobody, by whatever path', async () => {
  for (const path of ['/files/download?path=/x', '/files/download/x', '/slave(1)//files/download']) {
    const answer = await ask(path, 'operator');
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('is disabled')]);
  }
});

interface State {
  flags?: object;
  frameworks: { executors: { tasks: object[] }[] }[];
}

test('an agent with a wrong secret ends, and no secret is in its log', async () => {
  await cluster.killAgent();
  await cluster.startAgent({ credential: credential('agent', 'a wrong one') });
  await cluster.agent?.exit;
  expect(cluster.agent?.ended).toMatch(/^exit code [1-9]/);
  const log = await readFile(`${cluster.folder}/agent.log`, 'utf8');
  expect(log).toContain("refused the agent's credential");
  expect(log).not.toContain('a wrong one');
  await cluster.startAgent();
  await cluster.kill('task');
  await cluster.until('task', TaskState.TASK_KILLED);
});
