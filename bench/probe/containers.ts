/** The containers that a probe looks at: most of them idle, some that talk to each other. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { DockerEngine } from '@orchestrator/testing';

export interface RunningContainer {
  readonly id: string;
  readonly ip: string;
  /** ms since 1970, by the engine. */
  readonly startedMs: number;
}

export interface Fleet {
  /** Adds containers until there are `count`. */
  growTo(count: number): Promise<void>;
  start(name: string, command: string): Promise<RunningContainer>;
  /** Kills it. @returns when it ended, in ms since 1970, by the engine */
  kill(id: string): Promise<number>;
}

const idle = 'while true; do sleep 1; done';
const serving = 'nc -ll -p 80 -e cat';
const calling = (ip: string) => `while true; do echo x | nc -w 1 ${ip} 80 >/dev/null; sleep 1; done`;
/** Of ten containers, one serves, one calls it each second, and the others are idle. */
const kinds = 10;

function api(engine: DockerEngine, method: 'POST' | 'GET', path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ socketPath: engine.socketPath, method, path, headers }, (answer) => {
      text(answer).then((said) => {
        if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${said}`));
        else resolve(said);
      }, reject);
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export function fleetOf(engine: DockerEngine, image: string): Fleet {
  let count = 0;
  let lastServer = '';
  const inspect = async (id: string) => JSON.parse(await api(engine, 'GET', `/containers/${id}/json`));

  const start = async (name: string, command: string): Promise<RunningContainer> => {
    const config = { Image: image, Cmd: ['sh', '-c', command], Labels: { tier: 'bench' } };
    const { Id: id } = JSON.parse(await api(engine, 'POST', `/containers/create?name=${name}`, config));
    await api(engine, 'POST', `/containers/${id}/start`);
    const { State, NetworkSettings } = await inspect(id);
    return { id, ip: NetworkSettings.IPAddress, startedMs: Date.parse(State.StartedAt) };
  };

  return {
    start,
    async growTo(wanted) {
      for (; count < wanted; count++) {
        const kind = count % kinds;
        const command = kind === 0 ? serving : kind === 1 ? calling(lastServer) : idle;
        const { ip } = await start(`bench-${count}`, command);
        if (kind === 0) lastServer = ip;
      }
    },
    async kill(id) {
      await api(engine, 'POST', `/containers/${id}/kill`);
      for (;;) {
        const { State } = await inspect(id);
        if (State.Running !== true) return Date.parse(State.FinishedAt);
      }
    },
  };
}
