/** A probe of Scope: reports in its form, and does over its WebSockets what it is asked for. */
import { waitFor } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  operatorToken,
  probeToken,
  type RunningMonitor,
  startMonitor,
  viewerToken,
} from './monitor-fixture.ts';

const node = `${'b2'.repeat(32)};<container>`;
const probeId = '4c9d41c8e50613b7';
const probeHeaders = { authorization: `Scope-Probe token=${probeToken}`, 'x-scope-probe-id': probeId };
const timestamp = new Date().toISOString();

let monitor: RunningMonitor;
let probe: FakeScopeProbe;

/** As `xfer` of Scope: each call and each answer is a header and a body. */
interface FakeScopeProbe {
  readonly calls: object[];
  /** What the probe's end of a pipe got. */
  readonly typed: string[];
  connectPipe(id: string): Promise<WebSocket>;
  close(): void;
}

const webSocketUrl = (path: string) => `${monitor.url.replace('http', 'ws')}${path}`;

function open(path: string, headers: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(webSocketUrl(path), { headers });
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket));
    socket.addEventListener('error', () => reject(new Error(`${path} was refused`)));
  });
}

async function startFakeProbe(): Promise<FakeScopeProbe> {
  const control = await open('/api/control/ws', probeHeaders);
  const calls: object[] = [];
  const typed: string[] = [];
  let header: { ServiceMethod: string; Seq: number } | undefined;
  const connectPipe = async (id: string) => {
    const pipe = await open(`/api/pipe/${id}/probe`, probeHeaders);
    pipe.addEventListener('message', ({ data }) => {
      const text = Buffer.from(data as ArrayBuffer).toString();
      typed.push(text);
      pipe.send(Buffer.from(`echo ${text}`));
    });
    pipe.send(Buffer.from('/ # '));
    return pipe;
  };
  const answers: Record<string, () => object | Promise<object>> = {
    docker_pause_container: () => ({}),
    // The pipe is connected before its name is told, as Scope does.
    docker_exec_container: async () => {
      await connectPipe('pipe-early');
      return { pipe: 'pipe-early', raw_tty: true, resize_tty_control: 'docker_resize_exec_tty' };
    },
    docker_attach_container: () => ({ pipe: 'pipe-late' }),
  };
  control.addEventListener('message', async ({ data }) => {
    const { Request, Value } = JSON.parse(String(data));
    if (Request !== null) {
      header = Request;
      return;
    }
    calls.push(Value);
    const answer = answers[Value.Control] ?? (() => ({ error: `Control "${Value.Control}" not recognised` }));
    const said = header;
    const value = await answer();
    control.send(JSON.stringify({ Request: null, Response: { ...said, Error: '' }, Value: null }));
    control.send(JSON.stringify({ Request: null, Response: null, Value: value }));
  });
  return { calls, typed, connectPipe, close: () => control.close() };
}

const run = (control: string, body?: object, token = operatorToken) =>
  fetch(`${monitor.url}/api/control/${probeId}/${encodeURIComponent(node)}/${control}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** A viewer's end of a pipe, with all that came. */
async function look(pipe: string) {
  const socket = await open(`/api/pipe/${pipe}`, { authorization: `Bearer ${operatorToken}` });
  const seen = { text: '', isOver: false, socket };
  socket.addEventListener('message', ({ data }) => {
    seen.text += Buffer.from(data as ArrayBuffer).toString();
  });
  socket.addEventListener('close', () => {
    seen.isOver = true;
  });
  return seen;
}

beforeAll(async () => {
  monitor = await startMonitor();
  const latest = { docker_container_name: { timestamp, value: 'web' } };
  const latestControls = Object.fromEntries(
    ['docker_pause_container', 'docker_exec_container'].map((id) => [
      id,
      { timestamp, value: { dead: false } },
    ]),
  );
  const report = {
    Container: {
      nodes: { [node]: { id: node, topology: 'container', latest, latestControls } },
      controls: {
        docker_pause_container: {
          id: 'docker_pause_container',
          human: 'Pause',
          icon: 'fa fa-pause',
          rank: 5,
        },
      },
    },
    ID: 'report-1',
  };
  const answer = await fetch(`${monitor.url}/api/report`, {
    method: 'POST',
    headers: { ...probeHeaders, 'content-type': 'application/json' },
    body: JSON.stringify(report),
  });
  expect(answer.status).toBe(200);
  probe = await startFakeProbe();
});

afterAll(async () => {
  probe?.close();
  await monitor.stop();
});

test('a control goes to the probe, and its answer comes back', async () => {
  const details = await fetch(`${monitor.url}/api/topology/containers/${encodeURIComponent(node)}`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  const { controls } = Object(await details.json()).node;
  expect(controls).toMatchObject([{ probeId, nodeId: node, id: 'docker_pause_container', human: 'Pause' }]);
  const answer = await run('docker_pause_container', { force: 'yes' });
  expect([answer.status, await answer.json()]).toEqual([200, {}]);
  expect(probe.calls.at(-1)).toMatchObject({
    ...{ NodeID: node, Control: 'docker_pause_container', ControlArgs: { force: 'yes' } },
  });
});

test('what the probe refuses is told in its words; who may not is not let through', async () => {
  const refused = await run('no_such_control');
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ message: 'Control "no_such_control" not recognised' });
  const before = probe.calls.length;
  expect((await run('docker_pause_container', undefined, viewerToken)).status).toBe(403);
  expect(probe.calls).toHaveLength(before);
});

test('a pipe that is connected before it is told loses nothing, and goes both ways', async () => {
  const answer = await run('docker_exec_container');
  expect(await answer.json()).toEqual({
    ...{ pipe: 'pipe-early', raw_tty: true, resize_tty_control: 'docker_resize_exec_tty' },
  });
  const seen = await look('pipe-early');
  await waitFor(() => seen.text === '/ # ', { what: 'the prompt' });
  seen.socket.send('ls');
  await waitFor(() => seen.text === '/ # echo ls', { what: 'the echo' });
  expect(probe.typed).toEqual(['ls']);
  const ended = await fetch(`${monitor.url}/api/pipe/pipe-early`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  expect(ended.ok).toBe(true);
  await waitFor(() => seen.isOver, { what: 'the end of the pipe' });
  await expect(probe.connectPipe('pipe-early')).rejects.toThrow('refused');
});

test('what is typed before the probe connects the pipe reaches it; the pipe ends with the probe’s end', async () => {
  await run('docker_attach_container');
  const seen = await look('pipe-late');
  seen.socket.send('early');
  const end = await probe.connectPipe('pipe-late');
  await waitFor(() => probe.typed.includes('early'), { what: 'what was typed' });
  end.close();
  await waitFor(() => seen.isOver, { what: 'the end of the pipe' });
});

test('none but probes with their token and their id are let in', async () => {
  await expect(open('/api/control/ws', { authorization: `Bearer ${operatorToken}` })).rejects.toThrow();
  await expect(open('/api/control/ws', { authorization: `Bearer ${probeToken}` })).rejects.toThrow();
  await expect(probe.connectPipe('pipe-unknown')).rejects.toThrow('refused');
});

test('a probe that has gone is said to be gone', async () => {
  probe.close();
  await waitFor(async () => (await run('docker_pause_container')).status === 503, { what: 'the refusal' });
});
