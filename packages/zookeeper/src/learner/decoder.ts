import { ZooKeeperError } from '../errors.ts';
import type { Txn } from '../protocol/txn.ts';
import { formatZxid } from '../protocol/zxid.ts';
import type { Session, SnapshotNode } from '../tree/node.ts';
import type { ObserverEvent } from './events.ts';
import { packetType, type QuorumPacket } from './packet.ts';
import { LearnerStream } from './stream.ts';
import { decodeTxn } from './txn-codec.ts';

/** A proposal is followed at once by its commit; a leader that keeps more open is none. */
const mostProposals = 10_000;

/** Turns the bytes of one connection into events. Transactions up to `delivered` are passed over. */
export class StreamDecoder {
  readonly #stream: LearnerStream;
  readonly #proposals: QuorumPacket[] = [];
  #events: ObserverEvent[] = [];
  #sessions: Session[] = [];
  #nodes: SnapshotNode[] = [];
  #txns: Txn[] = [];
  #arrivedAtMs = 0;
  #delivered: bigint;
  #snapshotZxid = 0n;
  #fuzzy = false;
  /** The leader goes on with a history that is not ours; nothing of it may be delivered. */
  #truncated = false;

  constructor(delivered: bigint) {
    this.#delivered = delivered;
    this.#stream = new LearnerStream(
      {
        packet: (packet) => this.#packet(packet),
        session: (session) => this.#sessions.push(session),
        node: (node) => this.#nodes.push(node),
        snapshotEnd: () => this.#snapshotEnd(),
      },
      { readsSnapshot: true },
    );
  }

  /** The last transaction that was part of an event. */
  get delivered(): bigint {
    return this.#delivered;
  }

  decode(bytes: Buffer, arrivedAtMs: number): readonly ObserverEvent[] {
    this.#arrivedAtMs = arrivedAtMs;
    this.#events = [];
    this.#stream.push(bytes);
    this.#flush();
    return this.#events;
  }

  #flush(): void {
    if (this.#sessions.length > 0) this.#events.push({ type: 'sessions', sessions: this.#sessions });
    if (this.#nodes.length > 0) this.#events.push({ type: 'nodes', nodes: this.#nodes });
    if (this.#txns.length > 0) {
      this.#events.push({ type: 'txns', txns: this.#txns, arrivedAtMs: this.#arrivedAtMs });
    }
    this.#sessions = [];
    this.#nodes = [];
    this.#txns = [];
  }

  #emit(event: ObserverEvent): void {
    this.#flush();
    this.#events.push(event);
  }

  #packet(packet: QuorumPacket): void {
    if (this.#truncated) return;
    switch (packet.type) {
      case packetType.inform:
        this.#deliver(packet.zxid, packet.data);
        break;
      case packetType.proposal:
        if (this.#proposals.push(packet) > mostProposals) {
          throw new ZooKeeperError('ProtocolError', `over ${mostProposals} proposals without a commit`);
        }
        break;
      case packetType.commit:
      case packetType.commitAndActivate:
        this.#commit(packet.zxid);
        break;
      case packetType.informAndActivate:
        // long designatedLeader | transaction
        this.#deliver(packet.zxid, packet.data?.subarray(8) ?? null);
        break;
      case packetType.snap:
        this.#snapshotZxid = packet.zxid;
        this.#emit({ type: 'snapshot', zxid: packet.zxid });
        break;
      case packetType.diff:
        this.#emit({ type: 'diff', zxid: packet.zxid });
        break;
      case packetType.trunc:
        this.#emit({ type: 'trunc', zxid: packet.zxid });
        this.#truncated = true;
        break;
      case packetType.upToDate:
        this.#emit({ type: 'synced', zxid: this.#delivered });
        break;
      case packetType.ping:
        this.#ping(packet.zxid);
        break;
      default:
        break;
    }
  }

  #snapshotEnd(): void {
    this.#delivered = this.#snapshotZxid;
    this.#fuzzy = true;
    this.#emit({ type: 'snapshotEnd', zxid: this.#snapshotZxid });
  }

  /**
   * Pings are queued behind the transactions and carry the last one that was proposed. The first after a snapshot was sent
   * when the snapshot was complete, so nothing later than that can have slipped into it.
   */
  #ping(zxid: bigint): void {
    if (!this.#fuzzy) return;
    this.#fuzzy = false;
    this.#emit({ type: 'consistent', zxid });
  }

  #commit(zxid: bigint): void {
    const at = this.#proposals.findIndex((proposal) => proposal.zxid === zxid);
    const [proposal] = at === -1 ? [] : this.#proposals.splice(at, 1);
    if (proposal !== undefined) this.#deliver(zxid, proposal.data);
    else if (zxid > this.#delivered) {
      throw new ZooKeeperError('ProtocolError', `commit of ${formatZxid(zxid)}, which was not proposed`);
    }
  }

  #deliver(zxid: bigint, data: Buffer | null): void {
    if (zxid <= this.#delivered) return;
    if (data === null) throw new ZooKeeperError('ProtocolError', `transaction ${formatZxid(zxid)} is empty`);
    this.#txns.push(decodeTxn(data));
    this.#delivered = zxid;
  }
}
