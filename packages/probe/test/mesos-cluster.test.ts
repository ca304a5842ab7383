/** A master, an agent and Docker as they run; one framework launches a task, whose container is then known by it. */
import { fileURLToPath } from 'node:url';
import {
  busyboxImage,
  type DockerEngine,
  freePorts,
  type ServerProcess,
  startDocker,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerSource } from '../src/docker/source.ts';
import { mesosSource } from '../src/mesos/source.ts';
import { processSource } from '../src/process/source.ts';
import { latest, parents, type Watching, watch } from './watching.ts';

const orchestrator = fileURLToPath(new URL('../../cli/bin/orchestrator', import.meta.url));
const timeoutMs = 60_000;

let engine: DockerEngine;
let image: string;
let masterPort = 0;
let agentPort = 0;
let master: ServerProcess;
let folder = '';
const agents: ServerProcess[] = [];
let seen: Watching;

const url = (port: number) => `http://127.0.0.1:${port}`;
const loopback = ['--ip=127.0.0.1', '--hostname=127.0.0.1'];
const start = (name: string, flags: readonly string[]) =>
  startProcess({ command: orchestrator, args: [name, ...flags], logFile: `${folder}/${name}.log` });

/** An agent whose tasks can be told to run on it by its attribute. @returns its port */
async function startAgent(containerizer: string, flags: readonly string[] = []): Promise<number> {
  const [port = 0] = await freePorts(1);
  const agent = await start('agent', [
    ...loopback,
    ...[`--port=${port}`, `--master=127.0.0.1:${masterPort}`, `--work_dir=${folder}/${containerizer}`],
    ...[`--containerizers=${containerizer}`, `--attributes=kind:${containerizer}`, ...flags],
    ...['--resources=cpus:4;mem:1024;disk:100', '--registration_backoff_factor=10ms'],
  ]);
  agents.push(agent);
  return port;
}

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
  folder = await temporaryFolder('probe-mesos');
  [masterPort = 0] = await freePorts(1);
  master = await start('master', [...loopback, ...[`--port=${masterPort}`, `--work_dir=${folder}/master`]]);
  agentPort = await startAgent('docker', [`--docker_socket=${engine.socketPath}`]);
  seen = watch(
    dockerSource({ socketPath: engine.socketPath }),
    mesosSource({ agent: url(agentPort), masters: [url(masterPort)], everyMs: 250 }),
  );
});

afterAll(async () => {
  await seen?.stop();
  for (const server of [...agents, master]) {
    server?.signal('SIGTERM');
    await server?.exit;
  }
  await engine?.close();
});

interface Framework {
  readonly id: string;
  call(call: object): Promise<void>;
  close(): void;
}

/** Speaks the v1 scheduler API; calls back with each event. */
async function subscribe(onEvent: (event: Record<string, never>) => void): Promise<Framework> {
  const url = `http://127.0.0.1:${masterPort}/api/v1/scheduler`;
  const abort = new AbortController();
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const frameworkInfo = {
    user: 'root',
    name: 'probe-test',
    roles: ['*'],
    capabilities: [{ type: 'MULTI_ROLE' }],
  };
  const answer = await waitFor(
    async () => {
      const body = JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info: frameworkInfo } });
      const said = await fetch(url, { method: 'POST', headers, body, signal: abort.signal }).catch(
        () => undefined,
      );
      if (said?.ok === true) return said;
      await said?.body?.cancel();
      return undefined;
    },
    { what: 'the subscription', timeoutMs },
  );
  const streamId = answer.headers.get('mesos-stream-id') ?? '';
  const { promise, resolve } = Promise.withResolvers<string>();
  const read = async () => {
    let rest = '';
    for await (const chunk of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      for (;;) {
        const [, length] = /^(\d+)\n/.exec(rest) ?? [];
        if (length === undefined || rest.length < length.length + 1 + Number(length)) break;
        const event = JSON.parse(rest.slice(length.length + 1, length.length + 1 + Number(length)));
        rest = rest.slice(length.length + 1 + Number(length));
        if (event.type === 'SUBSCRIBED') resolve(event.subscribed.framework_id.value);
        onEvent(event);
      }
    }
  };
  const reading = read().catch(() => undefined); // the end of the test
  const id = await promise;
  return {
    id,
    async call(call) {
      const body = JSON.stringify({ framework_id: { value: id }, ...call });
      const said = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'mesos-stream-id': streamId },
        body,
      });
      if (!said.ok) throw new Error(`${said.status}: ${await said.text()}`);
    },
    close() {
      abort.abort();
      void reading;
    },
  };
}

const scalar = (name: string, value: number) => ({
  name,
  type: 'SCALAR',
  scalar: { value },
  allocation_info: { role: '*' },
});

interface Offer {
  readonly id: object;
  readonly agent_id: object;
  readonly attributes?: readonly { readonly text?: { readonly value: string } }[];
}

/** A framework that launches one task, on an agent of this kind. */
async function launch(kind: string, container: object): Promise<Framework> {
  let launched = false;
  const framework: Framework = await subscribe((event: { offers?: { offers: Offer[] } }) => {
    for (const offer of event.offers?.offers ?? []) {
      if (launched || offer.attributes?.[0]?.text?.value !== kind) continue;
      launched = true;
      const task = {
        name: 'sleeper',
        task_id: { value: 'sleeper-1' },
        agent_id: offer.agent_id,
        resources: [scalar('cpus', 0.5), scalar('mem', 64)],
        command: { shell: true, value: 'sleep 1000' },
        labels: { labels: [{ key: 'team', value: 'a' }] },
        ...container,
      };
      const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
      void framework.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations } });
    }
  });
  return framework;
}

it('a task is known with its container, its agent and its framework, and goes when it ends', async () => {
  const framework = await launch('docker', {
    container: { type: 'DOCKER', docker: { image, network: 'BRIDGE' } },
  });
  const id = `${framework.id};sleeper-1;<mesos_task>`;
  const containers = () =>
    seen.ids('container').filter((one) => parents(seen.node('container', one), 'mesos_task').includes(id));
  await seen.until('the task', () => latest(seen.node('mesos_task', id), 'mesos_state') === 'TASK_RUNNING');
  await seen.until('its container', () => containers().length === 1);
  const task = seen.node('mesos_task', id);
  expect(latest(task, 'mesos_name')).toBe('sleeper');
  expect(latest(task, 'mesos_label_team')).toBe('a');
  const [agentNode = ''] = parents(task, 'mesos_agent');
  await seen.until(
    'the agent, as the master knows it',
    () => latest(seen.node('mesos_agent', agentNode), 'mesos_active') === 'yes',
  );
  expect(parents(task, 'mesos_framework')).toEqual([`${framework.id};<mesos_framework>`]);
  await seen.until('its framework', () => seen.ids('mesos_framework').length === 1);
  await framework.call({ type: 'TEARDOWN' });
  await seen.until('the end of the task', () => seen.node('mesos_task', id) === undefined);
  await seen.until('the end of its framework', () => seen.ids('mesos_framework').length === 0);
  await seen.until('the end of its container', () => containers().length === 0);
  framework.close();
});

it.each([
  ['native', 1],
  ['process', 0],
])('without Docker, a task of %s containers is known with its processes', async (kind, containers) => {
  const port = await startAgent(kind);
  const looking = watch(
    processSource({ everyMs: 500, minAgeMs: 0 }),
    mesosSource({ agent: url(port), everyMs: 250 }),
  );
  const framework = await launch(kind, {});
  const task = `${framework.id};sleeper-1;<mesos_task>`;
  const processes = () =>
    looking
      .ids('process')
      .filter((id) => parents(looking.node('process', id), 'mesos_task').includes(task))
      .map((id) => looking.node('process', id));
  const sleeper = () => processes().find((node) => latest(node, 'cmdline') === 'sleep 1000');
  await looking.until('its process', () => sleeper() !== undefined);
  await looking.until('its container, if it is in one', () => looking.ids('container').length === containers);
  for (const id of looking.ids('container')) {
    expect(parents(looking.node('container', id), 'mesos_task')).toEqual([task]);
    expect(latest(looking.node('container', id), 'docker_container_name')).toBe('sleeper');
    await looking.until('its process in it', () => parents(sleeper(), 'container').includes(id));
  }
  await framework.call({ type: 'TEARDOWN' });
  await looking.until('the end of all', () => processes().length + looking.ids('container').length === 0);
  framework.close();
  await looking.stop();
});
