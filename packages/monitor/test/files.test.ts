/** Files of containers over the API, from a probe that answers by the book. */
import { observeNode, type Report } from '@orchestrator/report';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  operatorToken,
  probeToken,
  type RunningMonitor,
  startMonitor,
  viewerToken,
} from './monitor-fixture.ts';
import { type ScriptedProbe, startProbe } from './scripted-probe.ts';

let monitor: RunningMonitor;
let probe: ScriptedProbe;

const id = `${'b2'.repeat(32)};<container>`;
const entry = { name: 'passwd', type: 'file', size: 5, mode: 420, modified: 1_000 };
const large = Buffer.alloc(3 * 2 ** 20, 'x');

beforeAll(async () => {
  monitor = await startMonitor();
  probe = startProbe(monitor.probePort, {
    ...{ probeId: 'p1', token: probeToken },
    control: ({ control, arguments: { path = '' } }) => {
      if (path === '/none') return { error: 'there is no /none', errorCode: 'not-found' };
      if (control === 'docker_list_files')
        return { value: JSON.stringify({ path, entries: [entry], truncated: false }) };
      if (control === 'docker_read_file') {
        return { value: JSON.stringify({ path, size: 5, offset: 0, encoding: 'utf8', content: 'root\n' }) };
      }
      // All of it is there before anybody can have begun to read.
      const pipeId = `pipe ${path}`;
      queueMicrotask(() => {
        probe.send({ case: 'pipeBytes', value: { pipeId, bytes: large } });
        probe.send({
          case: 'pipeEnd',
          value: { pipeId, error: path === '/broken' ? 'the container has gone' : '' },
        });
      });
      return { pipeId };
    },
  });
  const node = observeNode(undefined, { latest: { docker_container_name: 'web' } }, Date.now(), 'p1');
  const report: Report = {
    topologies: new Map([['container', { templates: new Map(), nodes: new Map([[id, node]]) }]]),
  };
  probe.report(report, true);
  await waitFor(async () => (await get('/api/topology/containers')).status === 200, {
    what: 'the container',
  });
  await waitFor(async () => (await get('/api/containers/web/files')).status === 200, { what: 'the list' });
});

afterAll(async () => {
  probe.close();
  await monitor.stop();
});

const get = (path: string, token = operatorToken) =>
  fetch(`${monitor.url}${path}`, { headers: { authorization: `Bearer ${token}` } });

test('folders are listed and files are read, by those who may', async () => {
  expect(await (await get('/api/containers/web/files?path=/etc')).json()).toMatchObject({
    path: '/etc',
    entries: [entry],
  });
  const content = await get('/api/containers/web/files/content?path=/etc/passwd');
  expect(await content.json()).toMatchObject({ content: 'root\n', encoding: 'utf8' });
  expect((await get('/api/containers/web/files?path=/none')).status).toBe(404);
  expect((await get('/api/containers/web/files', viewerToken)).status).toBe(403);
  expect((await get('/api/containers/nobody/files')).status).toBe(404);
});

test('files are downloaded whole, and what breaks off is not taken for whole', async () => {
  const answer = await get('/api/containers/web/files/download?path=/etc/a%22b');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="a_b"');
  expect(Buffer.from(await answer.arrayBuffer()).equals(large)).toBe(true);
  const broken = get('/api/containers/web/files/download?path=/broken').then((each) => each.arrayBuffer());
  await expect(broken).rejects.toThrow();
});
