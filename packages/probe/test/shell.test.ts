import { hostname } from 'node:os';
import { silentLogger } from '@orchestrator/runtime';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostFacts, hostNodeId } from '../src/host/facts.ts';
import { hostShellSource } from '../src/host/shell.ts';
import { hostSource } from '../src/host/source.ts';
import { type Probe, startProbe } from '../src/probe.ts';
import { type AppServer, startAppServer } from './app-server.ts';

const timeoutMs = 60_000;
const node = hostNodeId(hostFacts());
let app: AppServer;
let probe: Probe;

const start = (shell: boolean) =>
  startProbe({
    sources: [hostSource(), ...(shell ? [hostShellSource()] : [])],
    apps: [{ grpc: app.address }],
    logger: silentLogger,
  });

beforeAll(async () => {
  app = await startAppServer();
});

afterAll(async () => {
  await probe?.stop();
  await app?.close();
});

it('there is none unless it was asked for', async () => {
  probe = start(false);
  await waitFor(() => app.node('host', node), { what: 'the host', timeoutMs });
  expect(await app.call(node, 'host_exec')).toMatchObject({ errorCode: 'not-found' });
  await probe.stop();
});

it('a shell with a terminal that can be resized, without the secrets of the probe', async () => {
  process.env.PROBE_TEST_TOKEN = 'secret-of-the-probe';
  probe = start(true);
  const has = () => app.node('host', node)?.controls.get('host_exec')?.value !== undefined;
  await waitFor(has, { what: 'the control', timeoutMs });
  expect(await app.call('other;<host>', 'host_exec')).toMatchObject({ errorCode: 'invalid' });
  const { pipeId, rawTty, resizeTtyControl } = await app.call(node, 'host_exec');
  expect(rawTty).toBe(true);
  const pipe = app.pipe(pipeId);
  const says = (what: RegExp) =>
    waitFor(() => what.test(pipe.output) || undefined, {
      what: () => `${what} in ${pipe.output}`,
      timeoutMs,
    });
  app.write(pipeId, 'echo "<$(hostname)>" "[$PROBE_TEST_TOKEN]"\n');
  await says(new RegExp(`<${hostname()}> \\[\\]`));
  expect(pipe.output).not.toContain('secret-of-the-probe');
  expect(
    await app.call(node, resizeTtyControl, { pipeID: pipeId, width: '101', height: '37' }),
  ).toMatchObject({ error: '' });
  app.write(pipeId, 'stty size\n');
  await says(/37 101/);
  app.write(pipeId, 'exit\n');
  await waitFor(() => pipe.ended !== undefined || undefined, { what: 'its end', timeoutMs });
});
