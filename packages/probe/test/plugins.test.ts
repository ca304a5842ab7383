import { rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@orchestrator/runtime';
import { startProcess, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostFacts, hostNodeId } from '../src/host/facts.ts';
import { hostSource } from '../src/host/source.ts';
import { pluginSource } from '../src/plugin/source.ts';
import { type Probe, startProbe } from '../src/probe.ts';
import { type AppServer, latestOf, startAppServer } from './app-server.ts';

const timeoutMs = 60_000;
const hostId = hostNodeId(hostFacts());
let folder: string;
let app: AppServer;
let probe: Probe;
const servers: Server[] = [];

async function plugin(id: string, handle: RequestListener): Promise<void> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(join(folder, `${id}.sock`), resolve));
}

const entry = (id: string) => ({
  id,
  label: `Plugin ${id}`,
  description: 'test',
  interfaces: ['reporter', 'controller'],
  api_version: '1',
});

const healthOf = (id: string) => latestOf(app.node('plugin', `${hostFacts().hostId};${id}`), 'status');

beforeAll(async () => {
  folder = await temporaryFolder('plugins');
  app = await startAppServer();
  probe = startProbe({
    sources: [hostSource(), pluginSource({ folder, everyMs: 100, scanEveryMs: 200 })],
    apps: [{ grpc: app.address }],
    logger: silentLogger,
  });
});

afterAll(async () => {
  await probe.stop();
  await app.close();
  for (const server of servers) server.close();
});

it('a plugin adds values, metrics and controls to nodes of others, and nodes of its own', async () => {
  let state = 'off';
  const report = () => {
    const timestamp = new Date().toISOString();
    return {
      Host: {
        nodes: {
          [hostId]: {
            latest: { light: { timestamp, value: state } },
            latestControls: { switch: { timestamp, value: { dead: false } } },
            metrics: { heat: { samples: [{ date: timestamp, value: 21 }], min: 0, max: 100 } },
          },
        },
        controls: { switch: { id: 'switch', human: 'Switch', icon: 'fa-bulb', rank: 1 } },
        metric_templates: { heat: { id: 'heat', label: 'Heat', format: '', priority: 1 } },
      },
      Plugins: [entry('lamp')],
    };
  };
  await plugin('lamp', async (request, response) => {
    if (request.method === 'POST') {
      const { Control, NodeID } = JSON.parse(await text(request));
      if (NodeID !== hostId) return response.end(JSON.stringify({ error: 'not my node' }));
      state = Control === 'switch' ? 'on' : state;
      return response.end(JSON.stringify({ shortcutReport: report(), value: state }));
    }
    return response.end(JSON.stringify(report()));
  });
  const host = () => app.node('host', hostId);
  await waitFor(() => latestOf(host(), 'light') === 'off', { what: 'the plugin', timeoutMs });
  expect(latestOf(host(), 'host_name')).toBeDefined();
  expect(host()?.metrics.get('heat')?.values).toEqual([21]);
  expect(app.report().topologies.get('host')?.templates.has('control:lamp~switch')).toBe(true);
  await waitFor(() => healthOf('lamp') === 'ok', { what: 'its health', timeoutMs });

  expect(await app.call(hostId, 'lamp~switch')).toMatchObject({ error: '', value: 'on' });
  await waitFor(() => latestOf(host(), 'light') === 'on', { what: 'the light', timeoutMs });
  expect(await app.call('other', 'lamp~switch')).toMatchObject({ errorCode: 'precondition' });

  await rm(join(folder, 'lamp.sock'));
  await waitFor(() => healthOf('lamp') === undefined, { what: 'the plugin to go', timeoutMs });
  expect(await app.call(hostId, 'lamp~switch')).toMatchObject({ errorCode: 'not-found' });
});

async function example(kind: string, id: string, check: () => Promise<void>): Promise<void> {
  const program = fileURLToPath(new URL(`../examples/plugin-${kind}.ts`, import.meta.url));
  const logFile = join(folder, `${kind}.log`);
  const running = await startProcess({ command: process.execPath, args: [program, folder], logFile });
  try {
    await waitFor(() => healthOf(id) === 'ok', { what: `the example of a ${kind}`, timeoutMs });
    await check();
  } finally {
    running.signal('SIGKILL');
    await running.exit;
    await rm(join(folder, `${id}.sock`), { force: true });
  }
}

const templateOf = (key: string) => app.report().topologies.get('host')?.templates.get(key)?.value;

it('the example of a reporter adds a table and a link', () =>
  example('reporter', 'filesystems', async () => {
    const root = () => latestOf(app.node('host', hostId), 'filesystem_/___mount');
    await waitFor(() => root() === '/', { what: 'the root', timeoutMs });
    expect(templateOf('table:filesystem_')).toMatchObject({ type: 'multicolumn-table' });
    expect(templateOf('metadata:filesystem_docs')).toMatchObject({ dataType: 'link' });
    expect(latestOf(app.node('host', hostId), 'filesystem_docs')).toMatch(/^https:/);
  }));

it('the example of a metric has a template, and a value where there is a sensor', () =>
  example('metrics', 'temperature', async () => {
    expect(templateOf('metric:temperature')).toMatchObject({ label: 'Temperature (°C)' });
  }));

it('the example of a control is called, and says what came of it', () =>
  example('control', 'notes', async () => {
    expect(templateOf('control:notes~add')).toMatchObject({ inputs: [{ id: 'text', label: 'Note' }] });
    expect(await app.call(hostId, 'notes~add', { text: 'mind the gap' })).toMatchObject({ error: '' });
    const note = () => latestOf(app.node('host', hostId), 'note_1');
    await waitFor(() => note() === 'mind the gap', { what: 'the note', timeoutMs });
    expect(await app.call(hostId, 'notes~add')).toMatchObject({ errorCode: 'precondition' });
  }));

it.each([
  ['hangs', () => undefined, /did not answer within/],
  [
    'floods',
    (write) => {
      const pour = () => write('x'.repeat(1_000_000)) && setImmediate(pour);
      pour();
    },
    /larger than|did not answer within/,
  ],
  ['babbles', (_, end) => end('no json'), /did not answer with JSON/],
  ['lies', (_, end) => end(JSON.stringify({ Plugins: [entry('somebody-else')] })), /names no plugin "lies"/],
  [
    'overdoes',
    (_, end) => {
      const nodes = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`n${index}`, {}]));
      end(JSON.stringify({ Host: { nodes }, Plugins: [entry('overdoes')] }));
    },
    /more than 10000/,
  ],
] as [string, (write: (chunk: string) => boolean, end: (body: string) => void) => unknown, RegExp][])(
  'a plugin that %s is told of and harms nobody',
  async (id, behave, complaint) => {
    await plugin(id, (_, response) => {
      response.on('error', () => undefined);
      behave(
        (chunk) => !response.destroyed && (response.write(chunk) || true),
        (body) => response.end(body),
      );
    });
    await waitFor(() => complaint.test(healthOf(id) ?? ''), {
      what: () => `its health, ${healthOf(id)}`,
      timeoutMs,
    });
    expect(app.node('host', 'n1')).toBeUndefined();
    await rm(join(folder, `${id}.sock`));
  },
);
