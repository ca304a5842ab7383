/** A leader, and servers that lead not, whose every packet a test decides: an `OpenTransport` without sockets. */
import { JuteWriter } from '../../src/jute/writer.ts';
import { encodePacket, packetType } from '../../src/learner/packet.ts';
import { LearnerStream } from '../../src/learner/stream.ts';
import { openAcl } from '../../src/protocol/acl.ts';
import type { OpenTransport, TransportHandlers } from '../../src/session/transport.ts';
import {
  AclKeys,
  writeAcls,
  writeBodyEnd,
  writeNode,
  writeSessions,
} from '../../src/snapshot/body-writer.ts';

const names = new Map<number, string>(Object.entries(packetType).map(([name, type]) => [type, name]));
const rootStat = {
  czxid: 0n,
  mzxid: 0n,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  pzxid: 0n,
};

/** One connection, as the leader sees it. */
export class ScriptedConnection {
  /** What the learner sent, one packet a line: `ack 0x500000000`, with its data in hexadecimal if any. */
  readonly heard: string[] = [];
  readonly server: string;
  isOpen = true;
  readonly #handlers: TransportHandlers;
  readonly #stream = new LearnerStream(
    {
      packet: ({ type, zxid, data }) => {
        const shown = data === null ? '' : ` [${data.toString('hex')}]`;
        this.heard.push(`${names.get(type)} ${zxid < 0n ? zxid : `0x${zxid.toString(16)}`}${shown}`);
      },
      snapshotEnd: () => undefined,
    },
    { readsSnapshot: false },
  );

  constructor(server: string, handlers: TransportHandlers) {
    this.server = server;
    this.#handlers = handlers;
  }

  hear(bytes: Buffer): void {
    this.#stream.push(bytes);
  }

  /** In pieces of one byte where asked: transports may cut as they like. */
  say(...packets: Buffer[]): this {
    if (this.isOpen) this.#handlers.onData(Buffer.concat(packets));
    return this;
  }

  close(error?: Error): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#handlers.onClose(error);
  }
}

export class ScriptedServers {
  readonly connections: ScriptedConnection[] = [];
  /** Servers that accept connections; all others refuse. */
  readonly listening = new Set<string>();

  readonly open: OpenTransport = ({ host, port }, handlers) => {
    const server = `${host}:${port}`;
    const connection = new ScriptedConnection(server, handlers);
    queueMicrotask(() => {
      if (!this.listening.has(server)) {
        connection.close(new Error(`connect ECONNREFUSED ${server}`));
        return;
      }
      this.connections.push(connection);
      handlers.onOpen();
    });
    return {
      write: (bytes) => {
        connection.hear(bytes);
        return true;
      },
      end: () => connection.close(),
      destroy: () => {
        connection.isOpen = false;
      },
    };
  };

  /** The newest connection. */
  get last(): ScriptedConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('nobody has connected');
    return connection;
  }
}

export const leaderSays = {
  leaderInfo: (epoch: number) =>
    encodePacket(packetType.leaderInfo, BigInt(epoch) << 32n, Buffer.from([0, 1, 0, 0])),
  diff: (zxid: bigint) => encodePacket(packetType.diff, zxid, null),
  trunc: (zxid: bigint) => encodePacket(packetType.trunc, zxid, null),
  newLeader: (epoch: number) =>
    encodePacket(packetType.newLeader, BigInt(epoch) << 32n, Buffer.from('version=0')),
  upToDate: () => encodePacket(packetType.upToDate, -1n, null),
  ping: (zxid: bigint) => encodePacket(packetType.ping, zxid, null),
  proposal: (zxid: bigint) => encodePacket(packetType.proposal, zxid, txn(zxid)),
  commit: (zxid: bigint) => encodePacket(packetType.commit, zxid, null),
  inform: (zxid: bigint) => encodePacket(packetType.inform, zxid, txn(zxid)),
  informAndActivate: (zxid: bigint) =>
    encodePacket(packetType.informAndActivate, zxid, Buffer.concat([Buffer.alloc(8, 1), txn(zxid)])),
  /** Of a tree that holds its root alone. */
  snapshot: (zxid: bigint) => {
    const writer = new JuteWriter();
    const keys = new AclKeys();
    writeSessions(writer, [{ id: 1n, timeoutMs: 1000 }]);
    writeAcls(writer, keys);
    writeNode(writer, { path: '/', data: null, acl: openAcl, stat: rootStat }, keys);
    writeBodyEnd(writer);
    return Buffer.concat([encodePacket(packetType.snap, zxid, null), writer.string('BenWasHere').take()]);
  },
};

/** Session 7 sets the data of the root. */
function txn(zxid: bigint): Buffer {
  return new JuteWriter()
    .long(7n)
    .int(1)
    .long(zxid)
    .longFromNumber(1_700_000_000_000)
    .int(5)
    .string('/')
    .buffer(Buffer.from(`${zxid}`))
    .int(1)
    .take();
}
