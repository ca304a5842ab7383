import { type Ensemble, startEnsemble } from '@orchestrator/testing';
import { connect } from '@orchestrator/zookeeper';
import { afterAll, expect, test } from 'vitest';
import type { CaptureMode } from '../src/engine-types.ts';
import { pairOf, settleMs } from './engines.ts';
import { accessTo } from './ensembles.ts';
import { findLost, startWorkload } from './workload.ts';

const ensembles: Ensemble[] = [];

afterAll(async () => {
  await Promise.all(ensembles.map((ensemble) => ensemble.close()));
});

async function start(version: '3.4' | '3.8' | '3.9', servers = 3): Promise<Ensemble> {
  const ensemble = await startEnsemble({ servers, version });
  ensembles.push(ensemble);
  return ensemble;
}

/** Over the client ports alone, or the quorum ports too. */
async function exercise(source: Ensemble, target: Ensemble, mode: CaptureMode): Promise<void> {
  await using pair = await pairOf(source, target);
  await pair.a.create('/before', 'there at the start');
  await pair.a.create('/before/child', 'too');
  const access = (ensemble: Ensemble) =>
    mode === 'observer' ? accessTo(ensemble) : { connectString: ensemble.connectString };
  const engine = pair.engine({ source: access(source), target: access(target) });
  await engine.start();
  await engine.settled(settleMs);
  for (const direction of engine.status().directions) {
    expect(direction.capture).toBe(mode);
    expect(direction.captureReason).toContain(
      mode === 'observer' ? 'takes observers' : 'no quorum addresses are given',
    );
  }
  const load = { nodes: 50, recreatePercent: 5 };
  const workloads = await Promise.all([
    startWorkload({ client: pair.a, folder: '/a', writer: 'wa', updatesPerS: 100, ...load }),
    startWorkload({ client: pair.b, folder: '/b', writer: 'wb', updatesPerS: 50, ...load }),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const holder = await connect({ connectString: source.connectString, sessionTimeoutMs: 10_000 });
  await holder.create('/held', 'by a client', { mode: 'ephemeral' });
  await pair.a.setAcl('/before', [{ perms: 31, scheme: 'world', id: 'anyone' }]);
  await Promise.all(workloads.map((workload) => workload.stop()));
  await engine.settled(settleMs);
  await pair.b.sync('/');
  expect((await pair.b.exists('/held')).stat?.ephemeralOwner).not.toBe(0n);
  await holder.close();
  await engine.settled(settleMs);
  await pair.b.sync('/');
  expect((await pair.b.exists('/held')).stat).toBeNull();
  for (const workload of workloads) {
    expect(await findLost(pair.a, workload)).toEqual([]);
    expect(await findLost(pair.b, workload)).toEqual([]);
  }
  const report = await engine.verify();
  expect(report.differences).toEqual([]);
  expect(engine.status().conflicts.total).toBe(0);
  await engine.finish();
}

test('with client ports only, 3.8 is followed by watches', async () => {
  await exercise(await start('3.8'), await start('3.8'), 'watch');
});

test('with client ports only, 3.4 is followed by scans', async () => {
  await exercise(await start('3.4', 1), await start('3.4', 1), 'scan');
});

test('a 3.4 ensemble is observed as well as a 3.9 one, and they are kept equal', async () => {
  await exercise(await start('3.4'), await start('3.9'), 'observer');
});
