import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import { ZooKeeperError } from '../errors.ts';

/** Where a connection goes: a server as configured and one of the addresses that its name has at the moment. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

export interface TransportHandlers {
  /** The connection is up, the TLS handshake included. */
  onOpen(): void;
  /** The bytes are valid during the call only. */
  onData(chunk: Buffer): void;
  /** After {@link Transport.write} returned false: the peer takes more again. */
  onDrain(): void;
  /** Once, whoever ended it. */
  onClose(error: Error | undefined): void;
}

/** A byte stream to one server. Everything above it is free of sockets and can be tested without. */
export interface Transport {
  /** False when the bytes are held back: write no more until `onDrain`. The buffer must not be changed any more. */
  write(bytes: Buffer): boolean;
  /** Sends what is left, then closes. */
  end(): void;
  destroy(): void;
}

export type OpenTransport = (endpoint: Endpoint, handlers: TransportHandlers) => Transport;

/** TLS of a client connection; keys and certificates are PEM text. */
export interface TlsOptions {
  /** Authorities that may have signed the server's certificate. Default: the system's. */
  ca?: string | Buffer | readonly (string | Buffer)[];
  /** Client certificate, with its chain, and key: the identity of scheme `x509`. */
  cert?: string | Buffer;
  key?: string | Buffer;
  passphrase?: string;
  /** Name that the certificate must be for. Default: the host of the connect string. */
  serverName?: string;
  /** False accepts any certificate: for tests only. Default true. */
  rejectUnauthorized?: boolean;
}

/** Replies are read into one buffer that is used again and again. */
const readBufferBytes = 64 * 1024;

function secureContext(tls: TlsOptions): SecureContext {
  const { ca, cert, key, passphrase } = tls;
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca: ca as string | Buffer | (string | Buffer)[] }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ZooKeeperError('InvalidOption', `tls: ca, cert or key is no valid PEM: ${reason}`, { cause });
  }
}

function onread(handlers: TransportHandlers): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(readBufferBytes);
  return {
    buffer,
    callback(length) {
      handlers.onData(buffer.subarray(0, length));
      return true;
    },
  };
}

function attach(
  socket: Socket,
  openEvent: 'connect' | 'secureConnect',
  handlers: TransportHandlers,
): Transport {
  let failure: Error | undefined;
  socket.setNoDelay(true);
  socket.on(openEvent, () => handlers.onOpen());
  socket.on('drain', () => handlers.onDrain());
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => handlers.onClose(failure));
  return {
    write: (bytes) => socket.write(bytes),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  };
}

/** Plain TCP, or TLS when `tls` is given. Throws `InvalidOption` for unreadable keys or certificates. */
export function socketTransport(tls?: TlsOptions): OpenTransport {
  if (tls === undefined) {
    return (endpoint, handlers) => {
      const socket = connectTcp({ host: endpoint.address, port: endpoint.port, onread: onread(handlers) });
      return attach(socket, 'connect', handlers);
    };
  }
  const context = secureContext(tls);
  return (endpoint, handlers) => {
    const name = tls.serverName ?? endpoint.host;
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      host: endpoint.address,
      port: endpoint.port,
      secureContext: context,
      // SNI carries names only, and we connect to an address: the name to verify is ours to give.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      rejectUnauthorized: tls.rejectUnauthorized ?? true,
      onread: onread(handlers),
    };
    const socket = connectTls(options);
    return attach(socket, 'secureConnect', handlers);
  };
}
