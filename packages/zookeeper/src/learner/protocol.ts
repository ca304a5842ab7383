/**
 * A learner's side of the conversation, free of sockets: packets in, answers out.
 *
 *   us                                   leader
 *   OBSERVERINFO(sid)               →
 *                                   ←    LEADERINFO(epoch)
 *   ACKEPOCH(last zxid, epoch -1)   →                                  -1: do not count us in the election of the epoch
 *                                   ←    SNAP and a snapshot | DIFF | TRUNC
 *                                   ←    PROPOSAL, COMMIT pairs; INFORM
 *                                   ←    NEWLEADER(epoch)
 *   ACK(zxid of NEWLEADER)          →
 *                                   ←    UPTODATE
 *   ACK(epoch)                      →
 *                                   ←    INFORM, INFORMANDACTIVATE, PING …
 *   PING (no sessions)              →                                  answers each PING
 *
 * A proposal is never acknowledged: an ACK would count as a vote if our sid were that of a participant.
 */
import { ZooKeeperError } from '../errors.ts';
import { JuteWriter } from '../jute/writer.ts';
import { epochOf, formatZxid } from '../protocol/zxid.ts';
import { describeType, encodePacket, packetType, type QuorumPacket } from './packet.ts';

/**
 * - `greeting`: waits for the leader to name its epoch
 * - `offered`: it did; `accept` goes on
 * - `syncing`: it sends what we lack
 * - `steady`: we follow it
 * - `truncated`: it does not know the last transaction we gave it; start over without one
 */
export type LearnerPhase = 'greeting' | 'offered' | 'syncing' | 'steady' | 'truncated';

const protocolVersion = 0x1_0000;
const doNotCount = -1;
/** Resuming from here makes any leader send a snapshot. */
export const nothingHeld = -1n;

export interface LearnerProtocolOptions {
  /** Never that of a configured server. */
  readonly sid: bigint;
  /** The last transaction we hold; `nothingHeld` for none. */
  readonly resumeFrom: bigint;
  /** A leader of an older epoch is refused. */
  readonly lowestEpoch: number;
}

export class LearnerProtocol {
  readonly #options: LearnerProtocolOptions;
  #phase: LearnerPhase = 'greeting';
  #leaderZxid = 0n;
  #received: bigint;

  constructor(options: LearnerProtocolOptions) {
    this.#options = options;
    this.#received = options.resumeFrom;
  }

  get phase(): LearnerPhase {
    return this.#phase;
  }

  /** The leader's; 0 until it has named it. */
  get epoch(): number {
    return epochOf(this.#leaderZxid);
  }

  /** From where to resume should the connection end now: the last transaction that has arrived whole. */
  get received(): bigint {
    return this.#received;
  }

  /** The first packet: LearnerInfo{long sid | int protocolVersion | long configVersion}. */
  hello(): Buffer {
    const info = new JuteWriter(20).long(this.#options.sid).int(protocolVersion).long(0n).take();
    return encodePacket(packetType.observerInfo, 0n, info);
  }

  /** Takes the leader that has made its offer, which then starts to send. */
  accept(): Buffer {
    this.#phase = 'syncing';
    const epoch = new JuteWriter(4).int(doNotCount).take();
    return encodePacket(packetType.ackEpoch, this.#options.resumeFrom, epoch);
  }

  /** What to answer, if anything. Throws when the leader is out of date or out of order. */
  receive(packet: QuorumPacket): Buffer | undefined {
    switch (packet.type) {
      case packetType.inform:
      case packetType.commit:
      case packetType.informAndActivate:
      case packetType.commitAndActivate:
        this.#advance(packet.zxid);
        return undefined;
      case packetType.ping:
        return encodePacket(packetType.ping, packet.zxid, Buffer.alloc(0));
      case packetType.leaderInfo:
        return this.#offer(packet.zxid);
      case packetType.snap:
        // Until it is complete there is nothing to resume from.
        this.#received = nothingHeld;
        return undefined;
      case packetType.diff:
        return this.#expectState();
      case packetType.trunc:
        this.#phase = 'truncated';
        return undefined;
      case packetType.newLeader:
        return encodePacket(packetType.ack, packet.zxid, null);
      case packetType.upToDate:
        this.#phase = 'steady';
        return encodePacket(packetType.ack, this.#leaderZxid, null);
      default:
        return undefined;
    }
  }

  snapshotComplete(zxid: bigint): void {
    this.#received = zxid;
  }

  #offer(zxid: bigint): undefined {
    if (this.#phase !== 'greeting') {
      throw new ZooKeeperError('ProtocolError', `leader sent ${describeType(packetType.leaderInfo)} twice`);
    }
    const epoch = epochOf(zxid);
    if (epoch < this.#options.lowestEpoch) {
      throw new ZooKeeperError(
        'StaleLeader',
        `leader is of epoch ${epoch}, but epoch ${this.#options.lowestEpoch} was seen before; it has been deposed, or this is another ensemble`,
      );
    }
    this.#leaderZxid = zxid;
    this.#phase = 'offered';
  }

  #expectState(): undefined {
    if (this.#received !== nothingHeld) return;
    throw new ZooKeeperError('ProtocolError', 'leader sent a difference to a state that we do not hold');
  }

  /** Within an epoch zxids have no gaps; one would mean that a transaction was lost on the way. */
  #advance(zxid: bigint): void {
    const last = this.#received;
    if (zxid <= last) return;
    if (zxid !== last + 1n && epochOf(zxid) === epochOf(last)) {
      throw new ZooKeeperError(
        'ProtocolError',
        `transaction ${formatZxid(zxid)} arrived after ${formatZxid(last)}: some are missing in between`,
      );
    }
    this.#received = zxid;
  }
}
