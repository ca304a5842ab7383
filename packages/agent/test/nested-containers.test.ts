/** Commands in the containers of tasks, over the operator API: with Docker, with runc, with plain processes. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentClient, createAgentClient, agent as protocol, TaskState } from '@orchestrator/mesos';
import {
  busyboxImage,
  createTestCgroup,
  type DockerEngine,
  startDocker,
  type TestCgroup,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const {
  Call_Type: call,
  ProcessIO_Type: io,
  ProcessIO_Data_Type: dataType,
  ProcessIO_Control_Type: control,
  Call_AttachContainerInput_Type: inputType,
} = protocol;

type Id = { value: string; parent?: Id };

interface Given {
  cluster: SmallCluster;
  client: AgentClient;
  /** The container of a task that sleeps. */
  parent: Id;
}

const kinds = ['docker', 'mesos', 'process'] as const;
const given = new Map<string, Given>();
let engine: DockerEngine;
let cgroup: TestCgroup;

beforeAll(async () => {
  engine = await startDocker();
  cgroup = await createTestCgroup('nested');
  const image = await busyboxImage(engine);
  for (const kind of kinds) {
    const cluster = await SmallCluster.start({
      flags: { containerizers: kind, docker_socket: engine.socketPath, cgroups_root: `${cgroup.path}/m` },
    });
    const inImage = { container: { type: 1, docker: { image, network: 1 } } };
    const killPolicy = { gracePeriod: { nanoseconds: 1n } };
    await cluster.run('task', 'while :; do sleep 0.1; echo tick; done', {
      killPolicy,
      ...(kind === 'docker' && inImage),
    });
    await cluster.until('task', TaskState.TASK_RUNNING);
    const client = createAgentClient({ agent: { host: '127.0.0.1', port: cluster.agentPort } });
    given.set(kind, { cluster, client, parent: cluster.containerOf('task') });
  }
});
afterAll(async () => {
  for (const { cluster } of given.values()) await cluster.close();
  await cgroup?.end();
  await engine?.close();
});

const shell = (value: string) => ({ shell: true, value });
const nothing = new Uint8Array();

class Session {
  readonly containerId: Id;
  stdout = '';
  stderr = '';
  readonly done: Promise<void>;
  readonly #client: AgentClient;

  constructor({ client, parent }: Given, value: string, command: string, more: object = {}) {
    this.#client = client;
    this.containerId = { value, parent };
    const launchNestedContainerSession = {
      ...{ containerId: this.containerId, command: shell(command) },
      ...more,
    };
    const output = client.output({
      type: call.LAUNCH_NESTED_CONTAINER_SESSION,
      launchNestedContainerSession,
    });
    this.done = this.#read(output);
  }

  async #read(output: ReturnType<AgentClient['output']>): Promise<void> {
    for await (const { data } of output) {
      const text = Buffer.from(data?.data ?? []).toString();
      if (data?.type === dataType.STDOUT) this.stdout += text;
      else this.stderr += text;
    }
  }

  async has(text: string): Promise<void> {
    await waitFor(() => this.stdout.includes(text), { what: () => `"${text}" in "${this.stdout}"` });
  }

  async exitStatus(): Promise<number | undefined> {
    const waitContainer = { containerId: this.containerId };
    const answer = await this.#client.call({ type: call.WAIT_CONTAINER, waitContainer });
    return answer?.waitContainer?.exitStatus;
  }
}

/** Records of an input, for as long as the generator goes on. */
function inputCall(containerId: Id) {
  const type = call.ATTACH_CONTAINER_INPUT;
  return {
    first: { type, attachContainerInput: { type: inputType.CONTAINER_ID, containerId } },
    data: (data: Uint8Array) => ({
      type,
      attachContainerInput: {
        type: inputType.PROCESS_IO,
        processIo: { type: io.DATA, data: { type: dataType.STDIN, data } },
      },
    }),
    size: (rows: number, columns: number) => ({
      type,
      attachContainerInput: {
        type: inputType.PROCESS_IO,
        processIo: {
          type: io.CONTROL,
          control: { type: control.TTY_INFO, ttyInfo: { windowSize: { rows, columns } } },
        },
      },
    }),
  };
}

describe.each(kinds)('in a container of %s', (kind) => {
  const of = () => given.get(kind) as Given;

  test('a session streams its output apart, and its end can be asked for', async () => {
    const session = new Session(of(), 'say', 'echo out; echo err >&2; exit 3');
    await session.done;
    expect(session).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
    expect(await session.exitStatus()).toBe(3 << 8);
  });

  test('input is attached, and its end reaches the command', async () => {
    const { client } = of();
    const session = new Session(of(), 'count', 'echo ready; wc -c');
    await session.has('ready');
    const { first, data } = inputCall(session.containerId);
    await client.input([first, data(Buffer.from('12345')), data(Buffer.from('678')), data(nothing)]);
    await session.done;
    expect(session.stdout.trim()).toMatch(/^ready\s+8$/);
    expect(await session.exitStatus()).toBe(0);
  });

  test('a terminal has the size that it is given, and another when that changes', async () => {
    const { client } = of();
    const container = { type: 2, ttyInfo: { windowSize: { rows: 33, columns: 120 } } } as const;
    const command = 'tty; sleep 0.2; stty size; read line; stty size; echo "got $line"';
    const session = new Session(of(), 'term', command, { container });
    await session.has('33 120');
    const { first, data, size } = inputCall(session.containerId);
    await client.input([first, size(40, 100), data(Buffer.from('typed\n'))]);
    await session.done;
    expect(session.stdout).toContain('/dev/pts/');
    expect(session.stdout).toContain('40 100');
    expect(session.stdout).toContain('got typed');
  });

  test('who ends the connection ends the session', async () => {
    const { client, parent } = of();
    const abort = new AbortController();
    const containerId = { value: 'left', parent };
    const output = client.output(
      {
        type: call.LAUNCH_NESTED_CONTAINER_SESSION,
        launchNestedContainerSession: { containerId, command: shell('echo on; sleep 4712') },
      },
      abort.signal,
    );
    await output.next();
    abort.abort();
    const end = await client.call({ type: call.WAIT_CONTAINER, waitContainer: { containerId } });
    expect(end?.waitContainer?.exitStatus).toBe(9);
  });

  test('a nested container runs by itself; it is attached to, signalled, waited for and removed', async () => {
    const { client, cluster, parent } = of();
    const containerId = { value: 'worker', parent };
    const script =
      'trap "echo bye; exit 7" TERM; echo hello; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done';
    const launchContainer = { containerId, command: shell(script) };
    await client.call({ type: call.LAUNCH_CONTAINER, launchContainer });
    const output = client.output({
      type: call.ATTACH_CONTAINER_OUTPUT,
      attachContainerOutput: { containerId },
    });
    await output.next();
    const shown = await client.call({
      type: call.GET_CONTAINERS,
      getContainers: { showNested: true, showStandalone: false },
    });
    const ids = shown?.getContainers?.containers.map((one) => one.containerId.value) ?? [];
    expect(ids.toSorted()).toEqual([parent.value, 'worker'].toSorted());
    await client.call({ type: call.KILL_CONTAINER, killContainer: { containerId, signal: 15 } });
    const end = await client.call({ type: call.WAIT_CONTAINER, waitContainer: { containerId } });
    expect(end?.waitContainer?.exitStatus).toBe(7 << 8);
    const sandbox = join(cluster.sandbox('task'), 'containers/worker');
    expect(await readFile(join(sandbox, 'stdout'), 'utf8')).toMatch(/^hello\n[\s\S]*bye\n$/);
    await client.call({ type: call.REMOVE_CONTAINER, removeContainer: { containerId } });
    expect(existsSync(sandbox)).toBe(false);
    await expect(client.call({ type: call.WAIT_CONTAINER, waitContainer: { containerId } })).rejects.toThrow(
      /cannot be found/,
    );
  });

  test("a task's own output is attached to from now on", async () => {
    const { client, parent } = of();
    const attachContainerOutput = { containerId: parent };
    const output = client.output({ type: call.ATTACH_CONTAINER_OUTPUT, attachContainerOutput });
    const first = output.next();
    const { value } = await first;
    expect(Buffer.from(value?.data?.data ?? []).toString()).toMatch(/^(tick\n)+$/);
    await output.return(undefined);
  });
});

test('what is wrong with a call is said in the words of Mesos', async () => {
  const { client, parent } = given.get('process') as Given;
  const launch = (containerId: Id) =>
    client.call({
      type: call.LAUNCH_NESTED_CONTAINER,
      launchNestedContainer: { containerId, command: shell('true') },
    });
  await expect(launch({ value: 'x' })).rejects.toThrow(
    "Expecting 'launch_nested_container.container_id.parent' to be present",
  );
  await expect(launch({ value: 'a.b', parent })).rejects.toThrow('contains invalid characters');
  await expect(launch({ value: 'x', parent: { value: 'nowhere' } })).rejects.toThrow('does not run');
});

test('a standalone container runs beside all tasks, outlives the agent, and is removed with its sandbox', async () => {
  const { client, cluster } = given.get('mesos') as Given;
  const containerId = { value: 'alone' };
  const resources = [{ name: 'cpus', type: 0, scalar: { value: 0.1 } }] as never;
  const launchContainer = { containerId, command: shell('echo $$; sleep 1000'), resources };
  await client.call({ type: call.LAUNCH_CONTAINER, launchContainer });
  await cluster.killAgent();
  await cluster.startAgent();
  const wait = async () =>
    await client.call({ type: call.KILL_CONTAINER, killContainer: { containerId } }).then(() => true);
  await waitFor(wait, { what: 'the container to be known again' });
  const end = await client.call({ type: call.WAIT_CONTAINER, waitContainer: { containerId } });
  expect(end?.waitContainer?.exitStatus).toBe(9);
  await client.call({ type: call.REMOVE_CONTAINER, removeContainer: { containerId } });
  expect(existsSync(join(cluster.workDir, 'standalone/alone'))).toBe(false);
});
