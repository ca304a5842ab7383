import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from './load.ts';
import { ConfigError } from './problem.ts';
import { describeSchema, schemaToMarkdown } from './reference.ts';

const schema = z.object({
  cluster: z.string().min(1).describe('Name shown in reports'),
  hosts: z.array(z.object({ name: z.string(), port: z.int().min(1).max(65535).default(2181) })).default([]),
  paths: z.array(z.string()).default(['/']),
  sync: z
    .object({
      lagThresholdMs: z.int().min(1).default(100).describe('Alert above this'),
      mode: z.enum(['observer', 'watch', 'scan']).optional(),
      verify: z.boolean().default(true),
    })
    .prefault({}),
  auth: z
    .object({ password: z.string().min(8), seed: z.string().meta({ secret: true }).optional() })
    .optional(),
  target: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('local'), folder: z.string() }),
      z.object({ kind: z.literal('ssh'), user: z.string() }),
    ])
    .optional(),
});

const folder = mkdtempSync(join(tmpdir(), 'config-'));

function fileOf(text: string, name = 'test.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function problemsOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe('config');
    return error.message.split('\n').map((line) => line.trim().replaceAll(`${folder}/`, ''));
  }
  throw new Error('the configuration was accepted');
}

test('flags win over the environment, which wins over the file, which wins over defaults', () => {
  const file = fileOf('cluster: a\nsync:\n  lagThresholdMs: 10\n  mode: scan\nhosts:\n  - name: h1\n');
  const config = loadConfig({
    schema,
    file,
    env: {
      ZK_SYNC_LAG_THRESHOLD_MS: '20',
      ZK_SYNC_MODE: 'watch',
      ZK_PATHS: '/a, /b',
      ZK_SYNC_VERIFY: 'false',
      HOME: '/',
    },
    envPrefix: 'ZK_',
    flags: { 'sync.lagThresholdMs': '30', 'sync.mode': undefined },
  });
  expect(config.sync).toEqual({ lagThresholdMs: 30, mode: 'watch', verify: false });
  expect(config.paths).toEqual(['/a', '/b']);
  expect(config.hosts).toEqual([{ name: 'h1', port: 2181 }]);
});

test('the result is frozen to its leaves', () => {
  const config = loadConfig({ schema, flags: { cluster: 'a' } });
  expect(() => Object.assign(config.sync, { verify: false })).toThrow(TypeError);
  expect(() => Object.assign(config.paths, ['/x'])).toThrow(TypeError);
});

test('JSON is read like YAML', () => {
  const file = fileOf('{\n  "cluster": "a",\n  "sync": {\n    "lagThresholdMs": 0\n  }\n}', 'test.json');
  expect(problemsOf(() => loadConfig({ schema, file }))[0]).toMatch(
    /^test\.json:4: sync\.lagThresholdMs: 0: /,
  );
});

test('every problem of a file is told at once, with line, key, value, expectation and remedy', () => {
  const file = fileOf(
    [
      'cluster: a',
      'hosts:',
      '  - name: h1',
      '    port: 99999',
      '  - nme: h2',
      'sync:',
      '  lag_treshold_ms: 5',
      '  mode: fast',
      'auth:',
      '  password: short',
      '  seed: 12345',
      'target:',
      '  kind: ftp',
    ].join('\n'),
  );
  const lines = problemsOf(() => loadConfig({ schema, file }));
  expect(lines).toMatchInlineSnapshot(`
    [
      "8 problems",
      "test.yaml:4: hosts[0].port: 99999: Too big: expected number to be <=65535; correct it",
      "test.yaml:5: hosts[1].nme: unknown key; did you mean "name"?",
      "test.yaml:5: hosts[1].name: required, but missing (string); add "hosts[1].name"",
      "test.yaml:7: sync.lag_treshold_ms: unknown key; did you mean "lagThresholdMs"?",
      "test.yaml:8: sync.mode: "fast": expected observer | watch | scan; correct it",
      "test.yaml:10: auth.password: ***: Too small: expected string to have >=8 characters; correct it",
      "test.yaml:11: auth.seed: ***: expected string; put it in quotes",
      "test.yaml:13: target.kind: "ftp": Invalid discriminator value. Expected 'local' | 'ssh'; correct it",
    ]
  `);
});

test('secrets are not shown, whatever is wrong with them', () => {
  const file = fileOf('cluster: [hunter2hunter2\nauth: {password: hunter2}');
  expect(problemsOf(() => loadConfig({ schema, file })).join()).not.toContain('hunter2');
  const other = fileOf('cluster: {password: hunter2}\nauth: {password: hunter2}');
  const lines = problemsOf(() => loadConfig({ schema, file: other }));
  expect(lines.join()).not.toContain('hunter2');
  expect(lines.join()).toContain('***');
});

test('bad syntax and duplicate keys name their line', () => {
  const file = fileOf('cluster: a\ncluster: b\n');
  expect(problemsOf(() => loadConfig({ schema, file }))).toMatchInlineSnapshot(`
    [
      "test.yaml:2: the same key stands twice in one mapping; correct the syntax at this line",
    ]
  `);
  const list = fileOf('- a\n');
  expect(problemsOf(() => loadConfig({ schema, file: list }))[0]).toContain('must be a mapping');
});

test('a file that is not there is named', () => {
  expect(problemsOf(() => loadConfig({ schema, file: join(folder, 'none.yaml') }))[0]).toMatch(
    /^none\.yaml: cannot be read \(ENOENT/,
  );
});

test('a misspelt variable is an error, a Kubernetes service link is not', () => {
  const env = {
    ZK_CLUSTR: 'a',
    ZK_SERVICE_HOST: '10.0.0.1',
    ZK_PORT_2181_TCP_ADDR: '10.0.0.1',
    ZK_CLUSTER: 'a',
  };
  expect(problemsOf(() => loadConfig({ schema, env, envPrefix: 'ZK_' }))).toEqual([
    'environment variable ZK_CLUSTR: sets no known key; did you mean ZK_CLUSTER?',
  ]);
});

test('a bad override names the flag or variable, not the file', () => {
  const file = fileOf('cluster: a\n');
  const flags = { 'sync.lagThresholdMs': 'soon', 'sync.nonsense': 1 };
  expect(problemsOf(() => loadConfig({ schema, file, flags }))).toMatchInlineSnapshot(`
    [
      "2 problems",
      "flag --sync.nonsense: sync.nonsense: unknown key; remove it; known here: lagThresholdMs, mode, verify",
      "flag --sync.lag-threshold-ms: sync.lagThresholdMs: "soon": expected integer >= 1; correct it: Alert above this",
    ]
  `);
});

test('refinements of the whole file are told too', () => {
  const strict = schema.refine((value) => value.cluster !== value.paths[0], {
    message: 'cluster and path are the same',
  });
  expect(problemsOf(() => loadConfig({ schema: strict, flags: { cluster: '/' } }))[0]).toContain(
    'cluster and path',
  );
});

test('a reference can be generated', () => {
  expect(
    describeSchema(schema, { envPrefix: 'ZK_' }).map((row) => [row.key, row.type, row.default, row.env]),
  ).toMatchInlineSnapshot(`
    [
      [
        "cluster",
        "string",
        "required",
        "ZK_CLUSTER",
      ],
      [
        "hosts",
        "list of mapping",
        "[]",
        "ZK_HOSTS",
      ],
      [
        "hosts[].name",
        "string",
        "",
        undefined,
      ],
      [
        "hosts[].port",
        "integer 1..65535",
        "2181",
        undefined,
      ],
      [
        "paths",
        "list of string",
        "["/"]",
        "ZK_PATHS",
      ],
      [
        "sync.lagThresholdMs",
        "integer >= 1",
        "100",
        "ZK_SYNC_LAG_THRESHOLD_MS",
      ],
      [
        "sync.mode",
        "observer | watch | scan",
        "",
        "ZK_SYNC_MODE",
      ],
      [
        "sync.verify",
        "boolean",
        "true",
        "ZK_SYNC_VERIFY",
      ],
      [
        "auth.password",
        "string",
        "",
        "ZK_AUTH_PASSWORD",
      ],
      [
        "auth.seed",
        "string",
        "",
        "ZK_AUTH_SEED",
      ],
      [
        "target",
        "mapping",
        "",
        "ZK_TARGET",
      ],
    ]
  `);
  expect(schemaToMarkdown(schema)).toContain(
    '| `sync.lagThresholdMs` | integer >= 1 | `100` | Alert above this |',
  );
  expect(
    describeSchema(schema)
      .filter((row) => row.secret)
      .map((row) => row.key),
  ).toEqual(['auth.password', 'auth.seed']);
});
