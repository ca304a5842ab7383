import { ZooKeeperError } from '../errors.ts';
import { sasl } from '../operations/sasl.ts';
import { digestMd5 } from '../sasl/digest-md5.ts';
import type { Connection } from './connection.ts';
import type { Auth, SaslOptions } from './options.ts';
import { Request } from './request.ts';

const opCodeAuth = 100;
/** DIGEST-MD5 takes two; a server that goes on asking is broken. */
const mostSaslSteps = 8;

/**
 * Gives the server one scheme's credentials. Rejects with `AuthFailed` when it refuses them.
 *
 * AuthPacket: int type (0) | string scheme | buffer auth
 */
export async function sendAuth(connection: Connection, auth: Auth): Promise<void> {
  const credentials = typeof auth.credentials === 'string' ? Buffer.from(auth.credentials) : auth.credentials;
  const errorNumber = await connection.control('auth', opCodeAuth, (writer) =>
    writer.int(0).string(auth.scheme).buffer(credentials),
  );
  if (errorNumber === 0) return;
  throw new ZooKeeperError(
    'AuthFailed',
    `scheme "${auth.scheme}": the server refused the credentials (${errorNumber})`,
  );
}

/** Proves both sides' knowledge of the password. Rejects with `AuthFailed` when either fails. */
export async function authenticateSasl(connection: Connection, options: SaslOptions): Promise<void> {
  const { username, password, realm, service = 'zookeeper', serverName = 'zk-sasl-md5' } = options;
  const exchange = digestMd5({ username, password, realm, digestUri: `${service}/${serverName}` });
  let token = exchange.step(Buffer.alloc(0));
  for (let step = 0; step < mostSaslSteps; step++) {
    const request = new Request(sasl, { token });
    connection.send(request);
    const challenge = await request.promise;
    token = exchange.step(challenge ?? Buffer.alloc(0));
    if (exchange.isComplete) return;
  }
  throw new ZooKeeperError(
    'AuthFailed',
    `SASL: no end after ${mostSaslSteps} steps; does the server know DIGEST-MD5?`,
  );
}
