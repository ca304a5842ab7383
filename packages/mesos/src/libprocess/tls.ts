/** TLS between masters, agents, drivers and tools, by the settings of libprocess: `LIBPROCESS_SSL_ENABLED` and its kind. */
import { readFile } from 'node:fs/promises';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import {
  connect as connectSecure,
  createSecureContext,
  createServer,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls';
import { MesosError } from '../errors.ts';

/** By the names of libprocess' settings, without `LIBPROCESS_` and in small letters. */
export const tlsSettings = [
  'ssl_enabled',
  'ssl_support_downgrade',
  'ssl_cert_file',
  'ssl_key_file',
  'ssl_ca_file',
  'ssl_verify_server_cert',
  'ssl_verify_cert',
  'ssl_require_client_cert',
  'ssl_require_cert',
  'ssl_ciphers',
  'ssl_ecdh_curves',
  'ssl_enable_tls_v1_0',
  'ssl_enable_tls_v1_1',
  'ssl_enable_tls_v1_2',
  'ssl_enable_tls_v1_3',
] as const;

export type TlsSetting = (typeof tlsSettings)[number];

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Tls {
  /** Connections without it are served too, and peers that came without it are answered without it. */
  readonly allowsPlain: boolean;
  /** For accepted connections: what it returns takes them, and gives on those whose handshake went well. */
  acceptor(serve: (socket: TLSSocket) => void): (socket: Socket) => void;
  connect(address: Address): TLSSocket;
  /** For clients that connect themselves. */
  readonly clientOptions: SecureContextOptions & { readonly rejectUnauthorized: boolean };
}

type Read = (setting: TlsSetting) => string | undefined;

type Variables = Readonly<Record<string, string | undefined>>;

/** Settings as the environment has them: `LIBPROCESS_SSL_CERT_FILE`, and `SSL_CERT_FILE` as it was once. */
export const tlsVariables =
  (environment: Variables): Read =>
  (setting) => {
    const name = setting.toUpperCase();
    return environment[`LIBPROCESS_${name}`] ?? environment[name];
  };

function isYes(read: Read, ...settings: readonly TlsSetting[]): boolean | undefined {
  for (const setting of settings) {
    const text = read(setting);
    if (text === undefined || text === '') continue;
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw new MesosError(`${setting} is "${text}", not true or false`, { code: 'invalid' });
  }
  return undefined;
}

async function readPem(read: Read, setting: TlsSetting): Promise<Buffer | undefined> {
  const file = read(setting);
  if (file === undefined || file === '') return undefined;
  try {
    return await readFile(file);
  } catch (cause) {
    throw new MesosError(`${setting} names ${file}, which cannot be read`, { code: 'invalid', cause });
  }
}

const versions: readonly (readonly [TlsSetting, SecureVersion])[] = [
  ['ssl_enable_tls_v1_0', 'TLSv1'],
  ['ssl_enable_tls_v1_1', 'TLSv1.1'],
  ['ssl_enable_tls_v1_2', 'TLSv1.2'],
  ['ssl_enable_tls_v1_3', 'TLSv1.3'],
];

/** Without a word on versions: 1.2 and 1.3. */
function versionsOf(read: Read): { minVersion: SecureVersion; maxVersion: SecureVersion } {
  const enabled = versions.filter(([setting, version]) => isYes(read, setting) ?? version > 'TLSv1.1');
  const [first, last] = [enabled[0]?.[1], enabled.at(-1)?.[1]];
  if (first === undefined || last === undefined) {
    throw new MesosError('every version of TLS is disabled', { code: 'invalid' });
  }
  return { minVersion: first, maxVersion: last };
}

async function contextOptionsOf(read: Read): Promise<SecureContextOptions> {
  const [key, cert] = [await readPem(read, 'ssl_key_file'), await readPem(read, 'ssl_cert_file')];
  if (key === undefined || cert === undefined) {
    throw new MesosError('ssl_enabled is set, and ssl_key_file or ssl_cert_file is not', {
      code: 'invalid',
      remedy: 'name a key and a certificate in PEM',
    });
  }
  const ca = await readPem(read, 'ssl_ca_file');
  const [ciphers, ecdhCurve] = [read('ssl_ciphers'), read('ssl_ecdh_curves')];
  const options: SecureContextOptions = {
    ...{ key, cert, ...versionsOf(read) },
    ...(ca === undefined ? {} : { ca }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
  };
  try {
    createSecureContext(options);
    return options;
  } catch (cause) {
    throw new MesosError('the key, the certificate or the ciphers for TLS cannot be used', {
      code: 'invalid',
      cause,
    });
  }
}

/**
 * Undefined where `ssl_enabled` is not set.
 *
 * @throws MesosError `invalid`, naming the setting
 */
export async function readTls(read: Read): Promise<Tls | undefined> {
  if (isYes(read, 'ssl_enabled') !== true) return undefined;
  const contextOptions = await contextOptionsOf(read);
  const secureContext = createSecureContext(contextOptions);
  const verifiesServers = isYes(read, 'ssl_verify_server_cert', 'ssl_verify_cert') ?? false;
  const needsClients = isYes(read, 'ssl_require_client_cert', 'ssl_require_cert') ?? false;
  return {
    allowsPlain: isYes(read, 'ssl_support_downgrade') ?? false,
    clientOptions: { ...contextOptions, rejectUnauthorized: verifiesServers },
    acceptor(serve) {
      const options = { requestCert: needsClients, rejectUnauthorized: needsClients, handshakeTimeout };
      // It does not listen itself: connections are handed to it.
      const server = createServer({ ...contextOptions, ...options }, serve);
      return (socket) => void server.emit('connection', socket);
    },
    connect({ host, port }) {
      const name = host.replace(/^\[(.*)\]$/, '$1');
      const socket = connectSocket({ host: name, port });
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      return connectSecure({
        ...{ socket, host: name, secureContext, rejectUnauthorized: verifiesServers },
        ...(isIP(name) === 0 ? { servername: name } : {}),
      });
    },
  };
}

/** For a peer that connects and says nothing. */
const handshakeTimeout = 30_000;

/** The first byte of a TLS handshake record; no HTTP request begins with it. */
const handshake = 22;

/** Finds out which of the two it is that a peer speaks, without taking anything from the connection. */
export function acceptEither(
  socket: Socket,
  serveSecure: (socket: Socket) => void,
  servePlain: (socket: Socket) => void,
): void {
  // Gone before it said anything.
  const ignore = () => undefined;
  socket.on('error', ignore);
  socket.once('data', (first: Buffer) => {
    socket.pause();
    socket.unshift(first);
    socket.off('error', ignore);
    if (first[0] === handshake) serveSecure(socket);
    else {
      servePlain(socket);
      socket.resume();
    }
  });
}
