import { describe, expect, test } from 'vitest';
import { createStyle } from '../../terminal/style.ts';
import type { MigrationView, Timing } from '../api.ts';
import { describeChange } from '../follow/changes.ts';
import { renderChecks, summariseChecks } from './checks.ts';
import { renderConflict } from './conflicts.ts';
import { renderVerification } from './differences.ts';
import { renderStatus } from './status.ts';

const plain = createStyle(false);

const timing = (step: string, startedMs: number, endedMs: number | null): Timing => ({
  phase: 1,
  step,
  mode: 'run',
  attempt: startedMs,
  started_ms: startedMs,
  ended_ms: endedMs,
  outcome: endedMs === null ? null : 'done',
});

const view: MigrationView = {
  id: 'abc123',
  name: 'prod',
  status: 'awaiting-approval',
  phase: 1,
  phase_name: 'deploy',
  step: null,
  step_mode: null,
  next_phase: 6,
  goal_phase: null,
  failure: null,
  created_ms: 0,
  created_by: 'ann',
  started_ms: 1_000,
  completed_ms: null,
  phases: [
    { number: 1, name: 'deploy', steps: [{ name: 'preflight', done: true }] },
    { number: 6, name: 'retire', steps: [{ name: 'stop sync', done: false }] },
  ],
  timings: [timing('preflight', 1_000, 3_500)],
  config: {
    source: { zookeeper: 'a:2181', deploy: { kind: 'manual' } },
    target: { deploy: { kind: 'local', servers: [{ host: 'b', client_port: 2181 }] } },
  },
  leader: 'host-1',
  checks: [],
  live: {
    updated_ms: 0,
    progress: null,
    instruction: null,
    source: { serving: 3, total: 3, healthy: true, explanation: '' },
    target: null,
    clients: { source: 1, target: null },
    alerts: [],
    sync: {
      state: 'syncing',
      leader: 'host-1',
      term: 2,
      conflicts: { total: 3, held: 1 },
      mirror_sessions: 9,
      problem: null,
      directions: [
        {
          from: 'source',
          capture: 'observer',
          capture_reason: 'the leader takes observers',
          applied: 12_345,
          applied_per_s: 310,
          backlog: 0,
          lag_p50_ms: 3.14,
          lag_p99_ms: 11.2,
          lag_now_ms: 0,
        },
      ],
    },
  },
};

test('status has everything at one look, and ends with what can be done', () => {
  expect(renderStatus(view, plain, 61_000)).toBe(
    `migration    prod abc123
status       awaiting approval, phase 1, begun 1 min 00 s ago
A            a:2181, 3 of 3 servers serve, 1 connection
B            b:2181
coordinator  host-1

PHASE  NAME    STATE   STEPS   TOOK  NOW
    1  deploy  done   1 of 1  2.5 s
    6  retire  to do  0 of 1      -

syncing, led by host-1 (term 2), conflicts 3 (1 wait for a decision), mirror sessions 9
DIRECTION  CAPTURE   APPLIED  PER S  BACKLOG  LAG P50    P99  WHY THIS CAPTURE
A → B      observer   12,345    310        0   3.1 ms  11 ms  the leader takes observers

next:
  zk-migrate advance --migration-id=abc123 --phase=6 --confirm
  zk-migrate validate --migration-id=abc123 --phase=current
  zk-migrate rollback --migration-id=abc123 --to-phase=0 --confirm`,
  );
});

test('where no coordinator runs, what was last is not told as what is', () => {
  expect(renderStatus({ ...view, leader: null }, plain, 61_000)).toContain(
    '\n\nnothing is carried now; as it was last:\nsyncing, led by host-1',
  );
});

describe('what is told of a change', () => {
  const running: MigrationView = {
    ...view,
    status: 'running',
    step: 'preflight',
    step_mode: 'run',
    timings: [timing('preflight', 1_000, null)],
  };

  test('steps that have ended, then what waits for the operator', () => {
    expect(describeChange(running, view, plain)).toEqual([
      '✔ phase 1  preflight  2.5 s',
      'phase 1 is done; phase 6 (retire) waits for your approval:',
      '  zk-migrate advance --migration-id=abc123 --phase=6 --confirm',
    ]);
    expect(describeChange(view, view, plain)).toEqual([]);
  });

  test('the first view tells what matters now, not the past', () => {
    expect(describeChange(undefined, running, plain)).toEqual([]);
  });

  test('a failure with its remedy, and alerts once', () => {
    const failure = { code: 'precondition', message: 'no quorum', remedy: 'start a second server' };
    const alert = {
      kind: 'quorum-loss',
      severity: 'critical' as const,
      message: '1 of 3 serve',
      remedy: null,
    };
    const failed: MigrationView = {
      ...running,
      status: 'failed',
      failure,
      live: view.live === null ? null : { ...view.live, alerts: [alert] },
    };
    expect(describeChange(running, failed, plain)).toEqual([
      'phase 1, preflight: no quorum',
      '  → start a second server',
      'alert: 1 of 3 serve',
    ]);
    expect(describeChange(failed, failed, plain)).toEqual([]);
  });
});

test('checks show a remedy only where there is something to do', () => {
  const results = [
    { check: 'quorum', status: 'ok', found: '3 of 3', remedy: null },
    { check: 'capture', status: 'warn', found: 'closed', remedy: 'open it' },
  ] as const;
  expect(renderChecks(results, plain)).toBe('✔ quorum  3 of 3\n! capture  closed\n    → open it');
  expect(summariseChecks(results)).toBe('2 checks: 1 good, 1 warning, 0 failed');
});

test('differences are shown by path and field', () => {
  const text = renderVerification(
    {
      nodes: { source: 1_000, target: 999 },
      checksum: { source: 'aa', target: 'bb' },
      difference_count: 2,
      differences: [{ path: '/x', fields: [{ field: 'version', source: '3', target: '2' }] }],
      expected: [],
      duration_ms: 1_500,
    },
    plain,
    100,
  );
  expect(text).toContain('1,000 znodes of A with 999 of B in 1.5 s');
  expect(text).toMatch(/\/x +version +3 +2\nand 1 more$/);
});

test('a conflict shows both values, as text where they are text', () => {
  const value = (data: string | null) => ({
    data,
    acl: [{ perms: 31, scheme: 'world', id: 'anyone' }],
    version: 2,
    aversion: 0,
    mzxid: '4294967298',
    time_ms: 0,
  });
  const text = renderConflict(
    {
      id: 'c1',
      path: '/x',
      decision: 'held',
      reason: 'manual',
      strategy: 'manual',
      recorded_ms: 0,
      resolved_ms: null,
      source: value(Buffer.from('héllo').toString('base64')),
      target: value(Buffer.from([0, 255]).toString('base64')),
    },
    plain,
  );
  expect(text).toContain('A  héllo (6 bytes)');
  expect(text).toContain('B  00ff (2 bytes)');
  expect(text).toContain('waits for you');
});
