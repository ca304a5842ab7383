/** What principals may see and do, by the ACLs of Mesos. */
import { createFixedDetector } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';

const anybody = { type: 'ANY' };
const nothing = { type: 'NONE' };
const only = (...values: string[]) => ({ values });

/** `ops` sees and does everything; `alice` sees what runs as alice in the role team/alice; others see nothing. */
const guarded = (objects: string, own: object, more: readonly object[] = []) => [
  { principals: only('ops'), [objects]: anybody },
  ...more,
  { principals: only('alice'), [objects]: own },
  { principals: anybody, [objects]: nothing },
];

const acls = {
  view_frameworks: guarded('users', only('alice')),
  view_tasks: guarded('users', only('alice')),
  view_executors: guarded('users', only('alice')),
  view_roles: guarded('roles', only('team/%')),
  view_flags: guarded('flags', nothing),
  get_endpoints: guarded('paths', nothing),
  get_quotas: guarded('roles', only('team/alice')),
  set_log_level: guarded('level', nothing),
  drain_agents: guarded('agents', anybody),
  mark_agents_gone: guarded('agents', nothing),
  deactivate_agents: guarded('agents', nothing),
  reserve_resources: guarded('roles', only('team/alice')),
  update_weights: guarded('roles', only('team/%')),
  update_maintenance_schedules: guarded('machines', nothing),
  access_sandboxes: guarded('users', anybody),
};

const credentials = {
  credentials: ['ops', 'alice', 'eve'].map((principal) => ({ principal, secret: 'x' })),
};

let master: OneMaster;
let agent: SimulatedAgent;
let frameworks: TestFramework[];
const lines: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];

beforeAll(async () => {
  const flags = {
    ...{ authenticate_http_readonly: 'true', authenticate_http_readwrite: 'true' },
    ...{ acls: JSON.stringify(acls), credentials: JSON.stringify(credentials) },
  };
  master = await startMaster(flags, {}, (message, fields = {}) => lines.push({ message, fields }));
  agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  const detector = createFixedDetector({ host: master.host, port: master.port });
  frameworks = [];
  for (const [user, role] of [
    ['alice', 'team/alice'],
    ['bob', 'secret'],
  ] as const) {
    const framework = new TestFramework({ detector, user, role });
    frameworks.push(framework);
    await framework.launch(await framework.offer(), `task-of-${user}`);
    await framework.areRunning(`task-of-${user}`);
    await waitFor(() => agent.acknowledged.includes(`task-of-${user}`), { what: 'the acknowledgement' });
  }
});

afterAll(async () => {
  await Promise.all((frameworks ?? []).map((each) => each[Symbol.asyncDispose]()));
  await agent?.[Symbol.asyncDispose]();
  await master?.[Symbol.asyncDispose]();
});

const as = (principal: string) => ({
  Authorization: `Basic ${Buffer.from(`${principal}:x`).toString('base64')}`,
});

const get = (principal: string, path: string) => fetch(`${master.url}${path}`, { headers: as(principal) });

const call = (principal: string, body: object) =>
  fetch(`${master.url}/api/v1`, {
    method: 'POST',
    headers: { ...as(principal), 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('what is seen', () => {
  const everything = ['alice', 'bob', 'team/alice', 'secret'];
  const reads: readonly (readonly [name: string, ask: (principal: string) => Promise<Response>])[] = [
    ...['/state', '/frameworks', '/tasks', '/roles', '/state-summary', '/slaves'].map(
      (path) => [`GET ${path}`, (principal: string) => get(principal, path)] as const,
    ),
    ...['GET_STATE', 'GET_FRAMEWORKS', 'GET_TASKS', 'GET_EXECUTORS', 'GET_ROLES', 'GET_AGENTS'].map(
      (type) => [type, (principal: string) => call(principal, { type })] as const,
    ),
  ];

  /** Words of `everything` that come up in the answer as values or keys. */
  const found = (text: string) =>
    everything.filter((word) => new RegExp(`"(task-of-|test of )?${word}"`).test(text));

  test.each(reads)('%s', async (_name, ask) => {
    const forOps = found(await (await ask('ops')).text());
    expect(found(await (await ask('alice')).text())).toEqual(
      forOps.filter((word) => word === 'alice' || word === 'team/alice'),
    );
    expect(found(await (await ask('eve')).text())).toEqual([]);
  });

  test('flags and figures', async () => {
    const statuses = async (principal: string) => [
      (await get(principal, '/flags')).status,
      (await call(principal, { type: 'GET_FLAGS' })).status,
      (await get(principal, '/metrics/snapshot')).status,
    ];
    expect(await statuses('ops')).toEqual([200, 200, 200]);
    expect(await statuses('eve')).toEqual([403, 403, 403]);
    expect(await (await get('ops', '/state')).json()).toHaveProperty('flags');
    expect(await (await get('eve', '/state')).json()).not.toHaveProperty('flags');
  });

  test('the event stream', async () => {
    const listen = async (principal: string) => {
      const ending = new AbortController();
      const response = await fetch(`${master.url}/api/v1`, {
        method: 'POST',
        headers: { ...as(principal), 'Content-Type': 'application/json' },
        body: '{"type":"SUBSCRIBE"}',
        signal: ending.signal,
      });
      const heard = { text: '', end: () => ending.abort() };
      const read = async () => {
        for await (const part of response.body ?? [])
          heard.text += Buffer.from(part as Uint8Array).toString();
      };
      read().catch(() => undefined); // ended by us
      return heard;
    };
    const [ops, alice] = [await listen('ops'), await listen('alice')];
    await call('ops', { type: 'GET_HEALTH' });
    const detector = createFixedDetector({ host: master.host, port: master.port });
    await using _later = new TestFramework({ detector, user: 'bob', role: 'secret' });
    await using _own = new TestFramework({ detector, user: 'alice', role: 'team/alice' });
    const added = (text: string) => text.split('"type":"FRAMEWORK_ADDED"').length - 1;
    await waitFor(() => added(ops.text) === 2 && added(alice.text) === 1, { what: 'the events' });
    expect(found(ops.text)).toContain('bob');
    expect(found(alice.text)).not.toContain('bob');
    ops.end();
    alice.end();
  });
});

describe('what is done', () => {
  const agentId = () => ({ value: agent.id });
  const writes: readonly (readonly [string, () => object, opsMay: number])[] = [
    ['DEACTIVATE_AGENT', () => ({ deactivate_agent: { agent_id: agentId() } }), 200],
    ['REACTIVATE_AGENT', () => ({ reactivate_agent: { agent_id: agentId() } }), 200],
    ['SET_LOGGING_LEVEL', () => ({ set_logging_level: { level: 1, duration: { nanoseconds: 1 } } }), 200],
    ['UPDATE_WEIGHTS', () => ({ update_weights: { weight_infos: [{ role: 'secret', weight: 2 }] } }), 200],
    ['UPDATE_MAINTENANCE_SCHEDULE', () => ({ update_maintenance_schedule: { schedule: {} } }), 200],
    [
      'RESERVE_RESOURCES',
      () => ({
        reserve_resources: {
          agent_id: agentId(),
          resources: [
            {
              ...{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
              reservations: [{ type: 'DYNAMIC', role: 'secret', principal: 'ops' }],
            },
          ],
        },
      }),
      202,
    ],
  ];

  test.each(writes)('%s', async (type, body, opsMay) => {
    const refusable = type !== 'REACTIVATE_AGENT';
    if (refusable) expect((await call('eve', { type, ...body() })).status).toBe(403);
    expect((await call('ops', { type, ...body() })).status).toBe(opsMay);
    const audited = lines.filter(({ message }) => message === type);
    expect(audited.map(({ fields }) => [fields.principal, fields.status])).toEqual([
      ...(refusable ? [['eve', 403]] : []),
      ['ops', opsMay],
    ]);
  });

  test('draining that ends in "gone" takes the right to both', async () => {
    const drain = (principal: string, markGone: boolean) =>
      call(principal, { type: 'DRAIN_AGENT', drain_agent: { agent_id: agentId(), mark_gone: markGone } });
    expect((await drain('eve', false)).status).toBe(403);
    expect((await drain('alice', true)).status).toBe(403);
    expect((await drain('alice', false)).status).toBe(200);
  });

  test('roles below a role', async () => {
    const weight = (principal: string, role: string) =>
      call(principal, { type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [{ role, weight: 2 }] } });
    expect((await weight('alice', 'team/alice/sub')).status).toBe(200);
    expect((await weight('alice', 'team')).status).toBe(403);
    expect((await weight('alice', 'secret')).status).toBe(403);
  });
});
