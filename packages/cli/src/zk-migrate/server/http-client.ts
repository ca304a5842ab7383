/** One server's REST API: JSON in, JSON out, and errors that keep the server's code, message and remedy. */
import { readFile } from 'node:fs/promises';
import { type ErrorCode, errorTable } from '@orchestrator/runtime';
import { Agent, type Dispatcher, request } from 'undici';
import { certificateRemedy } from '../../program/certificate-remedy.ts';
import { CliError } from '../../program/errors.ts';

export interface ServerAddress {
  /** `http://127.0.0.1:7171`, without a path. */
  readonly url: string;
  readonly token: string;
  /** PEM of the authority that signed the server's certificate; default: those of the system. */
  readonly ca?: string;
  /** PEM of the server's own certificate: no other is accepted, and its names do not matter. */
  readonly pinned?: string;
}

export interface RestClient {
  get<T>(path: string): Promise<T>;
  /** As text, whatever its type: reports. */
  getText(path: string): Promise<string>;
  post<T>(path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Verification of a large tree answers when it is done. */
const answerTimeoutMs = 3_600_000;
const connectTimeoutMs = 5_000;

export interface AddressOptions {
  readonly server: string;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

async function readNamed(file: string, what: string): Promise<string> {
  return (
    await readFile(file, 'utf8').catch((cause: Error) => {
      throw new CliError('config', `the ${what} ${file} cannot be read: ${cause.message}`, {
        cause,
        remedy: 'check the path, and that this user may read it',
      });
    })
  ).trim();
}

/** A remote server's address; the token comes from a file or from `ZK_MIGRATE_TOKEN`, never from the command line. */
export async function remoteAddress(options: AddressOptions): Promise<ServerAddress> {
  const { server, tokenFile, caFile, env } = options;
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
    throw new CliError('invalid', `--server: ${server} is not a URL`, {
      remedy: 'write it like https://coordinator.example.com:7171',
    });
  const token = tokenFile === undefined ? env.ZK_MIGRATE_TOKEN : await readNamed(tokenFile, 'token file');
  if (token === undefined || token === '')
    throw new CliError('invalid', `${server}: no token`, {
      remedy: 'name a file with --token-file, or set ZK_MIGRATE_TOKEN',
    });
  const url = server.replace(/\/+$/, '');
  const authority = caFile ?? env.ZK_MIGRATE_CA_FILE;
  return authority === undefined ? { url, token } : { url, token, ca: await readNamed(authority, 'CA file') };
}

interface ErrorBody {
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
}

/** The code of an answer: its own where it is one we know, else what its status stands for. */
function codeOf(status: number, code: string | undefined): ErrorCode {
  if (code !== undefined && Object.hasOwn(errorTable, code)) return code as ErrorCode;
  const found = Object.entries(errorTable).find(([, outcome]) => outcome.httpStatus === status);
  return (found?.[0] ?? 'internal') as ErrorCode;
}

function answeredError(url: string, status: number, text: string): CliError {
  let body: ErrorBody = {};
  try {
    body = JSON.parse(text);
  } catch (cause) {
    return new CliError('internal', `${url}: answered ${status} without JSON`, {
      cause,
      remedy: 'is this a zk-migrate server?',
    });
  }
  const { code, message = `${url}: answered ${status}`, remedy } = body;
  return new CliError(codeOf(status, code), message, remedy === undefined ? {} : { remedy });
}

/** What is behind a connection that did not come about. */
function remedyFor(cause: Error, url: string): string {
  const ofCertificate = certificateRemedy(cause, '--ca-file or ZK_MIGRATE_CA_FILE');
  if (ofCertificate !== undefined) return ofCertificate;
  if (Reflect.get(cause, 'code') === 'UND_ERR_SOCKET' && url.startsWith('http:'))
    return `something answers, though not with HTTP; if the server has TLS, write ${url.replace(/^http/, 'https')}`;
  return 'is the server running, and can this machine reach it? zk-migrate serve starts one';
}

const trustOf = ({ ca, pinned }: ServerAddress): object => {
  if (pinned !== undefined) return { ca: pinned, checkServerIdentity: () => undefined };
  return ca === undefined ? {} : { ca };
};

/** @param signal cuts off requests that are under way */
export function createRestClient(address: ServerAddress, signal: AbortSignal): RestClient {
  const agent = new Agent({
    connect: { timeout: connectTimeoutMs, ...trustOf(address) },
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  });

  const send = async (method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<string> => {
    const headers = {
      authorization: `Bearer ${address.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const answer = await request(`${address.url}${path}`, {
      method,
      headers,
      dispatcher: agent,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: Error) => {
      signal.throwIfAborted();
      throw new CliError('unavailable', `${address.url}: ${cause.message}`, {
        cause,
        remedy: remedyFor(cause, address.url),
      });
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw answeredError(address.url, answer.statusCode, text);
    return text;
  };

  const parse = <T>(text: string): T => (text === '' ? undefined : JSON.parse(text)) as T;
  return {
    get: async (path) => parse(await send('GET', path)),
    getText: (path) => send('GET', path),
    post: async (path, body) => parse(await send('POST', path, body)),
    close: () => agent.destroy(),
  };
}
