/** Containers for tests, by the Engine API. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { DockerEngine } from '@orchestrator/testing';

function post(engine: DockerEngine, path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ socketPath: engine.socketPath, method: 'POST', path, headers }, (answer) => {
      text(answer).then((said) => {
        if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${path}: ${said}`));
        else resolve(said);
      }, reject);
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Creates and starts a container. @returns its id */
export async function runContainer(
  engine: DockerEngine,
  image: string,
  name: string,
  config: object,
): Promise<string> {
  const { Id } = JSON.parse(
    await post(engine, `/containers/create?name=${name}`, { Image: image, ...config }),
  );
  await post(engine, `/containers/${Id}/start`);
  return Id;
}

export async function startContainer(engine: DockerEngine, id: string): Promise<void> {
  await post(engine, `/containers/${id}/start`);
}

/** Makes a network, and connects a container that runs with it. @returns the network's id */
export async function joinNetwork(engine: DockerEngine, containerId: string, name: string): Promise<string> {
  const network = { Name: name, Driver: 'bridge', Internal: true };
  const { Id } = JSON.parse(await post(engine, '/networks/create', network));
  await post(engine, `/networks/${Id}/connect`, { Container: containerId });
  return Id;
}

export async function killContainer(engine: DockerEngine, id: string): Promise<void> {
  await post(engine, `/containers/${id}/kill`);
}

export async function addressOf(engine: DockerEngine, id: string): Promise<string> {
  const { NetworkSettings } = JSON.parse(await engine.request('GET', `/containers/${id}/json`));
  return NetworkSettings.IPAddress;
}
