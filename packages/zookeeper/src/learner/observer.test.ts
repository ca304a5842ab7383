import { seededRandom } from '@orchestrator/runtime/random';
import { SimulatedClock } from '@orchestrator/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedServers, leaderSays as says } from '../../test/reference/scripted-leader.ts';
import type { ObserverEvent } from './events.ts';
import { type Observer, observe } from './observer.ts';
import type { ObserverOptions } from './observer-options.ts';

const z = (counter: number, epoch = 5) => (BigInt(epoch) << 32n) + BigInt(counter);

let clock: SimulatedClock;
let servers: ScriptedServers;
let observer: Observer;
let events: string[];
let failure: unknown;
let end: Promise<void>;

function describeEvent(event: ObserverEvent): string {
  switch (event.type) {
    case 'connected':
      return `connected ${event.server} ${event.epoch}`;
    case 'txns':
      return `txns ${event.txns.map((txn) => `0x${txn.zxid.toString(16)}`).join(' ')} at ${event.arrivedAtMs}`;
    case 'sessions':
      return `sessions ${event.sessions.length}`;
    case 'nodes':
      return `nodes ${event.nodes.map((node) => node.path).join(' ')}`;
    case 'disconnected':
    case 'unreachable':
      return `${event.type}: ${event.reason.message.split('(')[0]}`;
    default:
      return `${event.type} 0x${event.zxid.toString(16)}`;
  }
}

beforeEach(() => {
  clock = new SimulatedClock();
  servers = new ScriptedServers();
  servers.listening.add('a:1');
});

afterEach(async () => {
  observer.close();
  await end;
  expect(clock.pending).toBe(0);
});

async function start(options: Partial<ObserverOptions> = {}): Promise<void> {
  events = [];
  failure = undefined;
  observer = observe({
    servers: ['a:1'],
    clock,
    random: seededRandom(1),
    transport: servers.open,
    resolve: async (host) => [host],
    sid: -1000n,
    ...options,
  });
  end = (async () => {
    for await (const event of observer) events.push(describeEvent(event));
  })().catch((error) => {
    failure = error;
  });
  await clock.run(0);
}

const steadySince = (zxid: bigint, epoch = 5) => [says.diff(zxid), says.newLeader(epoch), says.upToDate()];

describe('the conversation', () => {
  test('joins, answers and never acknowledges a proposal', async () => {
    await start();
    const leader = servers.last;
    expect(leader.heard).toEqual(['observerInfo 0x0 [fffffffffffffc18000100000000000000000000]']);
    leader.say(says.leaderInfo(5));
    await clock.run(0);
    leader.say(
      says.snapshot(z(3)),
      says.proposal(z(4)),
      says.commit(z(4)),
      says.newLeader(5),
      says.inform(z(5)),
    );
    leader.say(says.upToDate(), says.informAndActivate(z(6)), says.ping(z(6)), says.inform(z(7)));
    await clock.run(0);
    expect(leader.heard.slice(1)).toEqual([
      'ackEpoch -1 [ffffffff]',
      'ack 0x500000000',
      'ack 0x500000000',
      'ping 0x500000006 []',
    ]);
    expect(events).toEqual([
      'connected a:1 5',
      'snapshot 0x500000003',
      'sessions 1',
      'nodes /',
      'snapshotEnd 0x500000003',
      'txns 0x500000004 0x500000005 at 0',
      'synced 0x500000005',
      'txns 0x500000006 at 0',
      'consistent 0x500000006',
      'txns 0x500000007 at 0',
    ]);
    expect(observer.delivered).toBe(z(7));
  });

  test('takes each transaction once, and notes when it arrived', async () => {
    await start({ resumeFrom: z(3) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    expect(servers.last.heard[1]).toBe('ackEpoch 0x500000003 [ffffffff]');
    servers.last.say(...steadySince(z(3)), says.inform(z(2)), says.inform(z(3)));
    await clock.run(40);
    servers.last.say(says.inform(z(4)), says.inform(z(4)));
    await clock.run(0);
    expect(events.slice(1)).toEqual(['diff 0x500000003', 'synced 0x500000003', 'txns 0x500000004 at 40']);
  });

  test('follows from one epoch into the next', async () => {
    await start({ resumeFrom: z(3) });
    servers.last.say(says.leaderInfo(6));
    await clock.run(0);
    servers.last.say(
      says.diff(z(1, 6)),
      says.proposal(z(4)),
      says.commit(z(4)),
      says.proposal(z(1, 6)),
      says.commit(z(1, 6)),
    );
    await clock.run(0);
    expect(events).toEqual(['connected a:1 6', 'diff 0x600000001', 'txns 0x500000004 0x600000001 at 0']);
  });
});

describe('what goes wrong', () => {
  test('a server that leads is found among those that do not', async () => {
    servers.listening.add('c:1');
    servers.listening.delete('a:1');
    await start({ servers: ['a:1', 'b:1', 'c:1'] });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    expect(events).toEqual(['connected c:1 5']);
  });

  test('when none leads it asks again, at most every half second', async () => {
    servers.listening.clear();
    await start();
    await clock.run(10_000);
    expect(events.length).toBeGreaterThan(20);
    expect(events.length).toBeLessThan(60);
    expect(events[0]).toMatch(/^unreachable: no server accepts us/);
    servers.listening.add('a:1');
    await clock.run(500);
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    expect(events.at(-1)).toBe('connected a:1 5');
  });

  test('a server that accepts and says nothing is given up', async () => {
    await start({ connectTimeoutMs: 700 });
    await clock.run(699);
    expect(events).toEqual([]);
    await clock.run(1);
    expect(events[0]).toMatch(/^unreachable/);
  });

  test('a leader that takes us and drops us is not asked without a pause', async () => {
    await start();
    for (let elapsedMs = 0; elapsedMs < 10_000; elapsedMs += 10) {
      if (servers.last.isOpen) servers.last.say(says.leaderInfo(5));
      await clock.run(0);
      servers.last.close();
      await clock.run(10);
    }
    expect(servers.connections.length).toBeGreaterThan(15);
    expect(servers.connections.length).toBeLessThan(50);
  });

  test('a deposed leader is refused', async () => {
    await start({ resumeFrom: z(3, 6) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    expect(events[0]).toMatch(/^unreachable/);
    expect(servers.last.heard).toHaveLength(1);
    expect(servers.connections[0]?.isOpen).toBe(false);
  });

  test('silence ends the connection, pings do not', async () => {
    await start({ resumeFrom: z(3), silenceTimeoutMs: 3000 });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    servers.last.say(...steadySince(z(3)));
    for (let tick = 0; tick < 10; tick++) {
      servers.last.say(says.ping(z(3)));
      await clock.run(1000);
    }
    expect(servers.connections).toHaveLength(1);
    await clock.run(2100);
    expect(events.at(-1)).toMatch(/^disconnected: a:1 has sent nothing for 300\d ms/);
    await clock.run(500);
    expect(servers.connections).toHaveLength(2);
  });

  test('resumes from the last transaction that arrived whole', async () => {
    await start({ resumeFrom: z(3) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    servers.last.say(...steadySince(z(3)), says.inform(z(4)), says.inform(z(5)).subarray(0, -1));
    servers.last.close();
    await clock.run(500);
    servers.last.say(says.leaderInfo(6));
    await clock.run(0);
    expect(servers.last.heard[1]).toBe('ackEpoch 0x500000004 [ffffffff]');
    servers.last.say(says.diff(z(5)), says.proposal(z(5)), says.commit(z(5)));
    await clock.run(0);
    expect(events.slice(-2)).toEqual(['diff 0x500000005', `txns 0x500000005 at ${clock.monotonicMs()}`]);
  });

  test('a snapshot that breaks off is taken anew', async () => {
    await start({ resumeFrom: z(3) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    servers.last.say(says.snapshot(z(9)).subarray(0, -3));
    servers.last.close();
    await clock.run(500);
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    expect(servers.last.heard[1]).toBe('ackEpoch -1 [ffffffff]');
    servers.last.say(says.snapshot(z(9)));
    await clock.run(0);
    expect(events.filter((event) => event.startsWith('snapshot'))).toEqual([
      'snapshot 0x500000009',
      'snapshot 0x500000009',
      'snapshotEnd 0x500000009',
    ]);
  });

  test('nothing of what follows a TRUNC is delivered', async () => {
    await start({ resumeFrom: z(9) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    servers.last.say(says.trunc(z(3)), says.proposal(z(10)), says.commit(z(10)));
    await clock.run(500);
    expect(events).toEqual([
      'connected a:1 5',
      'trunc 0x500000003',
      'disconnected: a:1 does not know the transaction that we resumed from',
    ]);
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    expect(servers.last.heard[1]).toBe('ackEpoch -1 [ffffffff]');
  });

  test('a gap is not passed over: it leaves, and asks for what is missing', async () => {
    await start({ resumeFrom: z(3) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    servers.last.say(...steadySince(z(3)), says.inform(z(4)));
    servers.last.say(says.inform(z(6)));
    await clock.run(500);
    expect(events.at(-2)).toBe('txns 0x500000004 at 0');
    expect(events.at(-1)).toMatch(/^disconnected: transaction 0x500000006 arrived after 0x500000004/);
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    expect(servers.last.heard[1]).toBe('ackEpoch 0x500000004 [ffffffff]');
  });

  test('bytes that are no packet end the connection, not the observer', async () => {
    await start({ resumeFrom: z(3) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    servers.last.say(...steadySince(z(3)));
    servers.last.say(Buffer.alloc(64, 0xff));
    await clock.run(500);
    expect(events.at(-1)).toMatch(/^disconnected: no packet has type -1/);
    expect(servers.connections).toHaveLength(2);
    expect(failure).toBeUndefined();
  });

  test('what it does not understand ends the loop: to pass over a transaction would be worse', async () => {
    await start({ resumeFrom: z(3) });
    servers.last.say(says.leaderInfo(5));
    await clock.run(0);
    const unknown = says.inform(z(4));
    unknown.writeInt32BE(99, 16 + 28);
    servers.last.say(...steadySince(z(3)), unknown);
    await clock.run(0);
    expect(String(failure)).toMatch(/transaction type 99 is not known/);
  });

  test('can be closed at any time, and iterated over once', async () => {
    await start();
    observer.close();
    await end;
    expect(failure).toBeUndefined();
    const again = observer[Symbol.asyncIterator]();
    await expect(again.next()).rejects.toThrow(/iterated over once/);
  });
});
