/** One look of a check: a command in the container, an HTTP request, a TCP connection. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { finished } from 'node:stream/promises';
import type { Containerizer } from '../container/containerizer.ts';
import { argvOf, type Command } from '../container/spec.ts';
import { AgentError, reasonOf } from '../errors.ts';
import type { CheckResult } from './machine.ts';

export type Probe =
  | { type: 'command'; command: Command; environment?: Readonly<Record<string, string>> }
  /** `path` begins with a slash. */
  | { type: 'http'; port: number; path: string; scheme?: 'http' | 'https' }
  | { type: 'tcp'; port: number };

export interface ProbeTarget {
  containerizer: Containerizer;
  containerId: string;
}

/** An address of the container's own when it has one, loopback when it is on the host's network. */
function hostOf({ containerizer, containerId }: ProbeTarget): string {
  const status = containerizer.status(containerId);
  if (status === undefined) throw new AgentError('NoSuchContainer', `container ${containerId} does not run`);
  const host = status.hostNetwork ? '127.0.0.1' : status.ipAddresses[0];
  if (host !== undefined) return host;
  throw new AgentError('InvalidContainer', `container ${containerId} has no address to be asked at`);
}

/** What it reads of an answer is thrown away; the status is what counts. */
function requestOnce(url: URL, signal: AbortSignal): Promise<{ statusCode: number; location: string }> {
  const options = { signal, agent: false as const, headers: { connection: 'close' } };
  return new Promise((resolve, reject) => {
    // Certificates are made for names, and a check comes by address: as Mesos, any is taken.
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, rejectUnauthorized: false })
        : httpRequest(url, options);
    outgoing.on('error', reject);
    outgoing.on('response', ({ statusCode = 0, headers: { location = '' } }) => {
      outgoing.destroy();
      resolve({ statusCode, location });
    });
    outgoing.end();
  });
}

/** As many as the `curl` of Mesos' checks follows. */
const mostRedirects = 50;

async function probeHttp(
  host: string,
  { port, path, scheme = 'http' }: Extract<Probe, { type: 'http' }>,
  signal: AbortSignal,
): Promise<CheckResult> {
  const name = host.includes(':') ? `[${host}]` : host;
  let url = new URL(`${scheme}://${name}:${port}${path}`);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const { statusCode, location } = await requestOnce(url, signal);
    const isElsewhere = statusCode >= 300 && statusCode < 400 && location !== '';
    if (!isElsewhere) return { type: 'http', statusCode };
    url = new URL(location, url);
  }
  throw new AgentError('InvalidContainer', `${url.origin} redirects more than ${mostRedirects} times`);
}

function probeTcp(host: string, port: number, signal: AbortSignal): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    const tell = (succeeded: boolean) => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve({ type: 'tcp', succeeded });
    };
    socket.once('connect', () => tell(true));
    socket.once('error', () => tell(false));
  });
}

async function probeCommand(
  { containerizer, containerId }: ProbeTarget,
  { command, environment }: Extract<Probe, { type: 'command' }>,
  signal: AbortSignal,
): Promise<CheckResult> {
  const argv = argvOf(command);
  const session = await containerizer.exec(containerId, {
    argv,
    ...(environment && { environment }),
    signal,
  });
  session.stdin.end();
  // Unread output would stop the command.
  for (const output of [session.stdout, session.stderr]) {
    output.resume();
    finished(output).catch(() => undefined);
  }
  return { type: 'command', exitCode: await session.exit };
}

/** Never rejects: what keeps it from an answer is the result. */
export async function look(target: ProbeTarget, probe: Probe, signal: AbortSignal): Promise<CheckResult> {
  try {
    if (probe.type === 'command') return await probeCommand(target, probe, signal);
    const host = hostOf(target);
    return await (probe.type === 'http'
      ? probeHttp(host, probe, signal)
      : probeTcp(host, probe.port, signal));
  } catch (error) {
    return { type: 'none', reason: signal.aborted ? reasonOf(signal.reason) : reasonOf(error) };
  }
}
