/** What a real master answered to requests that were recorded, asked of ours. */
import { readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';

interface RecordedCase {
  readonly case: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly status: number;
  readonly answer: string | { readonly type: string; readonly message?: string | null } | null;
}

async function recorded(name: string): Promise<readonly RecordedCase[]> {
  const text = await readFile(join(import.meta.dirname, 'data', name), 'utf8');
  return JSON.parse(text) as RecordedCase[];
}

const schedulerCases = await recorded('scheduler-errors.json');
const operatorCases = await recorded('operator-errors.json');

let master: OneMaster;
let frameworkId = '';
let streamId = '';
const streams: (() => void)[] = [];

interface Answered {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Sends headers to the letter, and nothing that was not asked for. A stream is read to its first record. */
function send(
  path: string,
  { method, headers, body }: Pick<RecordedCase, 'method' | 'headers' | 'body'>,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body ?? '');
    const options = { host: master.host, port: master.port, path, method, agent: false };
    const length = method === 'GET' ? {} : { 'Content-Length': bytes.byteLength };
    const request = httpRequest({ ...options, headers: { ...headers, ...length } }, (response) => {
      let text = '';
      const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      const isStream = response.headers['mesos-stream-id'] !== undefined;
      response.on('data', (part: Buffer) => {
        text += part;
        if (!isStream) return;
        streams.push(() => request.destroy());
        done();
      });
      response.on('end', done);
      response.on('error', () => done());
    });
    request.on('error', reject);
    request.end(method === 'GET' ? undefined : bytes);
  });
}

const json = { 'Content-Type': 'application/json', Accept: 'application/json' };

function firstRecord(text: string): Record<string, unknown> {
  const cut = text.indexOf('\n');
  return JSON.parse(text.slice(cut + 1, cut + 1 + Number(text.slice(0, cut)))) as Record<string, unknown>;
}

beforeAll(async () => {
  master = await startMaster();
  const body = JSON.stringify({
    type: 'SUBSCRIBE',
    subscribe: { framework_info: { user: 'root', name: 'cases' } },
  });
  const subscribed = await send('/api/v1/scheduler', { method: 'POST', headers: json, body });
  streamId = String(subscribed.headers['mesos-stream-id']);
  const record = firstRecord(subscribed.text) as { subscribed: { framework_id: { value: string } } };
  frameworkId = record.subscribed.framework_id.value;
});

afterAll(async () => {
  for (const end of streams) end();
  await master?.[Symbol.asyncDispose]();
});

const filled = (text: string) => text.replaceAll('FRAMEWORK', frameworkId).replaceAll('STREAM', streamId);

async function ask(path: string, each: RecordedCase): Promise<void> {
  const headers = JSON.parse(filled(JSON.stringify(each.headers))) as Record<string, string>;
  const body = each.body === null ? null : filled(each.body);
  const { status, text } = await send(path, { method: each.method, headers, body });
  expect(status, text).toBe(each.status);
  const { answer } = each;
  if (answer === null) return;
  if (typeof answer === 'string') {
    expect(text).toBe(filled(answer));
  } else if (status === 200 && path.endsWith('scheduler')) {
    const record = firstRecord(text) as { type: string; error?: { message: string } };
    expect(record.type).toBe(answer.type);
    if (answer.message != null) expect(record.error?.message).toBe(answer.message);
  } else {
    expect(JSON.parse(text)).toEqual(answer);
  }
}

describe('POST /api/v1/scheduler', () => {
  test.each(schedulerCases.map((each) => [each.case, each] as const))('%s', (_name, each) =>
    ask('/api/v1/scheduler', each),
  );
});

describe('POST /api/v1', () => {
  test.each(operatorCases.map((each) => [each.case, each] as const))('%s', (_name, each) =>
    ask('/api/v1', each),
  );
});

describe('endpoints from before v1', () => {
  const get = (path: string) => send(path, { method: 'GET', headers: {}, body: null });
  const post = (path: string, body: string, method = 'POST') => send(path, { method, headers: {}, body });

  test.each([
    '/state',
    '/master/state',
    '/slaves',
    '/frameworks',
    '/tasks',
    '/roles',
    '/state-summary',
    '/flags',
    '/version',
    '/quota',
    '/weights',
    '/maintenance/schedule',
    '/maintenance/status',
    '/metrics/snapshot',
    '/system/stats.json',
    '/registrar(1)/registry',
  ])('GET %s is JSON', async (path) => {
    const { status, headers, text } = await get(path);
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  test('what is not there, and what is somewhere else', async () => {
    expect(await get('/nope')).toMatchObject({ status: 404, text: '404 Not Found.' });
    expect(await get('/redirect/state')).toMatchObject({ status: 404 });
    expect(await get('/redirect')).toMatchObject({
      status: 307,
      headers: { location: `//localhost:${master.port}` },
    });
    expect(await get('/health')).toMatchObject({ status: 200, text: '' });
  });

  test.each([
    ['GET', '/teardown', '', 405, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'."],
    ['POST', '/teardown', '', 400, "Missing 'frameworkId' query parameter in the request body"],
    ['POST', '/teardown', 'frameworkId=nope', 400, 'No framework found with specified ID'],
    ['POST', '/reserve', 'resources=[]', 400, "Missing 'slaveId' query parameter in the request body"],
    ['POST', '/reserve', 'slaveId=x', 400, "Missing 'resources' query parameter in the request body"],
    ['POST', '/reserve', 'slaveId=x&resources=[]', 400, 'No agent found with specified ID'],
    [
      'PUT',
      '/weights',
      '{x',
      400,
      "Failed to parse update weights request JSON '{x': syntax error at line 1 near: x",
    ],
    [
      'POST',
      '/weights',
      '[]',
      405,
      "405 Method Not Allowed. Expecting one of { 'GET', 'PUT' }, but received 'POST'.",
    ],
    ['PUT', '/weights', '[{"role":"batch","weight":3}]', 200, ''],
    [
      'POST',
      '/quota',
      'x',
      400,
      "Failed to parse set quota request JSON 'x': syntax error at line 1 near: x",
    ],
    [
      'DELETE',
      '/quota/noquota',
      '',
      400,
      "Failed to remove quota for path '/master/quota/noquota': Role 'noquota' has no quota set",
    ],
    ['POST', '/machine/down', 'x', 400, 'syntax error at line 1 near: x'],
    [
      'GET',
      '/machine/down',
      '',
      405,
      "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'.",
    ],
  ])('%s %s %s', async (method, path, body, status, text) => {
    expect(await post(path, body, method)).toMatchObject({ status, text });
  });

  test('weights that were set are shown, and kept by the registry', async () => {
    await post('/weights', '[{"role":"web","weight":2.5}]', 'PUT');
    expect((await get('/weights')).text).toContain('{"role":"web","weight":2.5}');
  });

  const call = async (body: object) => {
    const { status, text } = await send('/api/v1', {
      method: 'POST',
      headers: json,
      body: JSON.stringify(body),
    });
    return { status, text };
  };

  test.each([
    [
      { type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [{ role: 'web', weight: 0 }] } },
      400,
      "Failed to validate update weights request JSON for role 'web': Invalid weight '0': Weights must be positive",
    ],
    [
      {
        type: 'UPDATE_QUOTA',
        update_quota: { quota_configs: [{ role: 'q1/child', limits: { cpus: { value: 2 } } }] },
      },
      400,
      "Updating quota on nested role 'q1/child' is not supported yet",
    ],
    [
      {
        type: 'UPDATE_QUOTA',
        update_quota: { quota_configs: [{ role: 'q2', limits: { cpus: { value: -1 } } }] },
      },
      400,
      "Invalid QuotaConfig: Invalid limit configuration {'cpus': -1}: Negative values not supported",
    ],
    [
      {
        type: 'UPDATE_QUOTA',
        update_quota: {
          quota_configs: [{ role: 'q1', guarantees: { cpus: { value: 5 } }, limits: { cpus: { value: 4 } } }],
        },
      },
      400,
      "Invalid QuotaConfig: 'QuotaConfig.guarantees' { cpus: 5 } is not contained within the 'QuotaConfig.limits' { cpus: 4 }",
    ],
    [
      { type: 'REMOVE_QUOTA', remove_quota: { role: 'noquota' } },
      400,
      "Failed to remove quota for path '/master/quota/noquota': Role 'noquota' has no quota set",
    ],
    [{ type: 'DRAIN_AGENT', drain_agent: { agent_id: { value: 'nope-S9' } } }, 400, 'Unknown agent'],
    [
      { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: { value: 'nope-S9' } } },
      400,
      'Agent is not deactivated',
    ],
    [
      { type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: { value: 'nope-S9' } } },
      400,
      'Unknown agent',
    ],
    [
      { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: 'nope-S9' } } },
      404,
      "Agent 'nope-S9' not found",
    ],
    [
      { type: 'TEARDOWN', teardown: { framework_id: { value: 'nope' } } },
      400,
      'No framework found with specified ID',
    ],
    [{ type: 'UNKNOWN' }, 501, '501 Not Implemented.'],
    [{ type: 'START_MAINTENANCE', start_maintenance: { machines: [] } }, 400, 'List of machines is empty'],
    [
      {
        type: 'START_MAINTENANCE',
        start_maintenance: { machines: [{ hostname: 'other.example', ip: '10.9.9.8' }] },
      },
      400,
      `Machine '{"hostname":"other.example","ip":"10.9.9.8"}' is not part of a maintenance schedule`,
    ],
  ])('%j', async (body, status, text) => {
    expect(await call(body)).toEqual({ status, text });
  });
});

describe('the log of a master', () => {
  let folder: string;
  let logging: OneMaster;

  beforeAll(async () => {
    folder = await temporaryFolder('log');
    await writeFile(join(folder, 'own.log'), 'first line\nsecond line\n');
    const firewall_rules = '{"disabled_endpoints":{"paths":["/profile","/master/tasks"]}}';
    logging = await startMaster({ external_log_file: join(folder, 'own.log'), firewall_rules });
  });

  afterAll(async () => {
    await logging?.[Symbol.asyncDispose]();
    await removeFolder(folder);
  });

  const get = async (path: string) => {
    const answer = await fetch(`${logging.url}${path}`);
    return [answer.status, await answer.text()];
  };

  test.each([
    ['/files/browse', 400, "Expecting 'path=value' in query.\n"],
    ['/files/browse?path=/nope', 404, ''],
    ['/files/browse?path=/master/log', 200, '[]'],
    ['/files/read', 400, "Expecting 'path=value' in query.\n"],
    ['/files/read?path=/nope&offset=0', 404, ''],
    [
      '/files/read?path=/master/log&offset=zz',
      400,
      "Failed to parse offset: Failed to convert 'zz' to number.\n",
    ],
    ['/files/read?path=/master/log&offset=-2', 400, 'Negative offset provided: -2.\n'],
    ['/files/read?path=/master/log&offset=-1', 200, '{"data":"","offset":23}'],
    ['/files/read?path=/master/log&offset=6&length=4', 200, '{"data":"line","offset":6}'],
    ['/files/read?path=/master/log&offset=99999', 200, '{"data":"","offset":99999}'],
    ['/files/read?path=/master/log&offset=0&length=5&jsonp=cb', 200, 'cb({"data":"first","offset":0});'],
    ['/files/download?path=/master/log', 200, 'first line\nsecond line\n'],
    ['/files/download?path=/nope', 404, '404 Not Found.'],
    ['/logging/toggle', 200, '0\n'],
    ['/logging/toggle?level=1', 400, "Expecting 'duration=value' in query.\n"],
    ['/logging/toggle?duration=1secs', 400, "Expecting 'level=value' in query.\n"],
    ['/logging/toggle?level=2&duration=1mins', 200, ''],
    ['/logging/toggle', 200, '2\n'],
    ['/logging/toggle?level=0&duration=1secs', 200, ''],
    ['/master/tasks', 403, "Endpoint '/master/tasks' is disabled"],
    ['/tasks', 200, '{"tasks":[]}'],
    ['/logging/toggle', 200, '0\n'],
  ])('GET %s', async (path, status, text) => {
    expect(await get(path)).toEqual([status, text]);
  });

  test('READ_FILE and LIST_FILES', async () => {
    const call = async (body: object) => {
      const headers = { 'Content-Type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const answer = await fetch(`${logging.url}/api/v1`, init);
      return [answer.status, await answer.text()];
    };
    const readFile = { path: '/master/log', offset: 0, length: 5 };
    expect(await call({ type: 'READ_FILE', read_file: readFile })).toEqual([
      200,
      `{"type":"READ_FILE","read_file":{"size":23,"data":"${Buffer.from('first').toString('base64')}"}}`,
    ]);
    expect(await call({ type: 'READ_FILE', read_file: { ...readFile, path: '/nope' } })).toEqual([404, '']);
    expect(await call({ type: 'LIST_FILES', list_files: { path: '' } })).toEqual([404, '']);
  });
});

test.each([
  ['/state', {}],
  ['/api/v1', { 'Content-Type': 'application/json', Accept: 'application/json' }],
  ['/api/v1', { 'Content-Type': 'application/json', Accept: 'application/x-protobuf' }],
])('%s with %j is compressed for whoever asks, and what it says is the same', async (path, headers) => {
  const body = path === '/state' ? undefined : '{"type":"GET_FLAGS"}';
  const method = body === undefined ? 'GET' : 'POST';
  const asked = async (encoding: string) => {
    const given = { ...headers, 'Accept-Encoding': encoding };
    const answer = await fetch(`${master.url}${path}`, { method, headers: given, body: body ?? null });
    return { encoding: answer.headers.get('content-encoding'), text: await answer.text() };
  };
  const [plain, compressed] = [await asked('identity'), await asked('gzip')];
  expect([plain.encoding, compressed.encoding]).toEqual([null, 'gzip']);
  expect(compressed.text).toBe(plain.text);
});
