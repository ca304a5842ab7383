/**
 * QuorumAuthPacket: long magic | int status | buf token
 *
 * Before its first packet a learner proves that it knows the quorum's password, where `quorum.auth.enableSasl=true`. Only
 * DIGEST-MD5: a Kerberos principal of the quorum is bound to the host name of a configured server.
 */
import { ZooKeeperError } from '../errors.ts';
import { ChunkQueue } from '../jute/chunk-queue.ts';
import { JuteReader } from '../jute/reader.ts';
import { JuteWriter } from '../jute/writer.ts';
import { digestMd5 } from '../sasl/digest-md5.ts';
import type { SaslOptions } from '../session/options.ts';
import type { QuorumAuthentication } from './link.ts';

const magic = 0x5f24_3501_3501_edccn;
const status = { inProgress: 0, success: 1 } as const;
const headerBytes = 16;
const longestToken = 64 * 1024;

function encodeAuthPacket(token: Buffer): Buffer {
  return new JuteWriter(headerBytes + token.length).long(magic).int(status.inProgress).buffer(token).take();
}

function refused(reason: string): ZooKeeperError {
  return new ZooKeeperError('AuthFailed', `quorum SASL: ${reason}`);
}

/** By default the names that servers use: service `zookeeper-quorum`, server `zk-quorum-sasl-md5`. */
export function quorumSasl(options: SaslOptions): QuorumAuthentication {
  const {
    username,
    password,
    realm,
    service = 'zookeeper-quorum',
    serverName = 'zk-quorum-sasl-md5',
  } = options;
  const exchange = digestMd5({ username, password, realm, digestUri: `${service}/${serverName}` });
  const queue = new ChunkQueue();

  const receivePacket = (): { status: number; token: Buffer } | undefined => {
    if (!queue.ensure(headerBytes)) return undefined;
    if (queue.bytes.readBigInt64BE(queue.offset) !== magic) throw refused('the server does not speak it');
    const tokenBytes = Math.max(0, queue.bytes.readInt32BE(queue.offset + 12));
    if (tokenBytes > longestToken) throw refused(`a token of ${tokenBytes} bytes`);
    if (!queue.ensure(headerBytes + tokenBytes)) return undefined;
    const reader = new JuteReader(queue.bytes, queue.offset + 8);
    queue.consume(headerBytes + tokenBytes);
    return { status: reader.int(), token: reader.buffer() ?? Buffer.alloc(0) };
  };

  return {
    start: () => encodeAuthPacket(exchange.step(Buffer.alloc(0))),
    receive(bytes) {
      queue.push(Buffer.from(bytes));
      const packet = receivePacket();
      if (packet === undefined) return { done: false };
      if (packet.status !== status.inProgress && packet.status !== status.success) {
        throw refused(
          'the server refused the credentials; they must be those of a user in its QuorumServer section',
        );
      }
      const answer = exchange.step(packet.token);
      if (packet.status === status.inProgress) return { answer: encodeAuthPacket(answer), done: false };
      if (!exchange.isComplete) throw refused('the server did not prove that it knows the password');
      return { done: true };
    },
  };
}
