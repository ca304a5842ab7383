/** Watches of every kind side by side on one path: what a server reports once must reach each of them once. */
import { type Ensemble, startEnsemble, waitFor } from '@orchestrator/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect, type WatchEvent, type ZooKeeperClient } from '../src/index.ts';

describe.each(['3.8', '3.9'] as const)('on a %s server', (version) => {
  let ensemble: Ensemble;
  let client: ZooKeeperClient;
  let writer: ZooKeeperClient;
  let root: string;
  let tests = 0;
  let events: string[];
  const watch = (event: WatchEvent) => void events.push(`${event.type} ${event.path.slice(root.length)}`);

  /** All events there will be: the writes are done, and the client's server has caught up. */
  async function settled(): Promise<string[]> {
    await client.sync();
    await client.exists('/');
    return events.splice(0).sort();
  }

  beforeAll(async () => {
    ensemble = await startEnsemble({ version, servers: 1 });
  });

  beforeEach(async () => {
    [client, writer] = await Promise.all([
      connect({ connectString: ensemble.connectString }),
      connect({ connectString: ensemble.connectString }),
    ]);
    root = `/watch-${++tests}`;
    events = [];
    await writer.create(root);
  });

  afterEach(async () => {
    await Promise.all([client.close(), writer.close()]);
  });

  afterAll(async () => {
    await ensemble?.close();
  });

  test('one-shot watches fire once', async () => {
    await client.getData(root, { watch });
    await client.getChildren(root, { watch });
    await client.exists(`${root}/a`, { watch });
    await writer.setData(root, '1');
    await writer.setData(root, '2');
    await writer.create(`${root}/a`);
    await writer.create(`${root}/b`);
    expect(await settled()).toEqual(['nodeChildrenChanged ', 'nodeCreated /a', 'nodeDataChanged ']);
  });

  test('a watch of a read that failed is not set', async () => {
    await expect(client.getData(`${root}/a`, { watch })).rejects.toMatchObject({ code: 'NoNode' });
    await writer.create(`${root}/a`);
    expect(await settled()).toEqual([]);
  });

  test('an event comes after the answers that were given before it', async () => {
    const order: string[] = [];
    const read = client.getData(root, { watch: () => order.push('event') }).then(() => order.push('answer'));
    await Promise.all([read, client.setData(root, 'x').then(() => order.push('written'))]);
    expect(order).toEqual(['answer', 'event', 'written']);
  });

  test('a persistent watch reports each change of the node and of its children', async () => {
    await client.addWatch(root, 'persistent', watch);
    for (const data of ['1', '2']) await writer.setData(root, data);
    await writer.create(`${root}/a`);
    await writer.setData(`${root}/a`, 'x');
    expect(await settled()).toEqual(['nodeChildrenChanged ', 'nodeDataChanged ', 'nodeDataChanged ']);
  });

  test('a recursive watch reports each change below', async () => {
    await client.addWatch(root, 'persistentRecursive', watch);
    await writer.create(`${root}/a`);
    await writer.create(`${root}/a/b`);
    await writer.setData(`${root}/a/b`, 'x');
    await writer.delete(`${root}/a/b`);
    expect(await settled()).toEqual([
      'nodeCreated /a',
      'nodeCreated /a/b',
      'nodeDataChanged /a/b',
      'nodeDeleted /a/b',
    ]);
  });

  test.each(['before', 'after'])('one-shot watches set %s a persistent one leave it alone', async (when) => {
    const counts = { persistent: 0, data: 0, children: 0 };
    const oneShots = async () => {
      await client.getData(root, { watch: () => counts.data++ });
      await client.getChildren(root, { watch: () => counts.children++ });
    };
    if (when === 'before') await oneShots();
    await client.addWatch(root, 'persistent', () => counts.persistent++);
    if (when === 'after') await oneShots();
    for (const name of ['a', 'b']) {
      await writer.setData(root, name);
      await writer.create(`${root}/${name}`);
    }
    await settled();
    expect(counts).toEqual({ persistent: 4, data: 1, children: 1 });
  });

  test.each(['before', 'after'])('one-shot watches set %s a recursive one leave it alone', async (when) => {
    const counts = { recursive: 0, data: 0, children: 0 };
    const oneShots = async () => {
      await client.getData(root, { watch: () => counts.data++ });
      await client.getChildren(root, { watch: () => counts.children++ });
    };
    if (when === 'before') await oneShots();
    await client.addWatch(root, 'persistentRecursive', () => counts.recursive++);
    if (when === 'after') await oneShots();
    for (const name of ['a', 'b']) {
      await writer.setData(root, name);
      await writer.create(`${root}/${name}`);
    }
    await settled();
    expect(counts).toEqual({ recursive: 4, data: 1, children: 1 });
  });

  test('removing a persistent watch leaves one-shot ones in place', async () => {
    const persistent = await client.addWatch(root, 'persistent', watch);
    await client.getData(root, { watch });
    await persistent.remove();
    await persistent.remove();
    await writer.setData(root, '1');
    await writer.setData(root, '2');
    expect(await settled()).toEqual(['nodeDataChanged ']);
    await expect(client.checkWatches(root, 'any')).rejects.toMatchObject({ code: 'NoWatcher' });
  });

  test('removeWatches and checkWatches', async () => {
    await client.getData(root, { watch });
    await client.checkWatches(root, 'data');
    await expect(client.checkWatches(root, 'children')).rejects.toMatchObject({ code: 'NoWatcher' });
    await client.removeWatches(root, 'data');
    await expect(client.removeWatches(root, 'data')).rejects.toMatchObject({ code: 'NoWatcher' });
    await writer.setData(root, 'x');
    expect(await settled()).toEqual([]);
  });

  test('the paths of events are relative to the chroot', async () => {
    const inside = await connect({ connectString: `${ensemble.connectString}${root}` });
    const seen: string[] = [];
    await inside.addWatch('/', 'persistentRecursive', (event) => void seen.push(event.path));
    await writer.create(`${root}/a`);
    await writer.setData(root, 'x');
    await waitFor(() => seen.length === 2, { what: 'two events' });
    expect(seen).toEqual(['/a', '/']);
    await inside.close();
  });

  test('many watches survive a restart of the server, in requests that it accepts', async () => {
    const count = 5000;
    const name = (i: number) => `${root}/${'long-name-'.repeat(8)}${i}`;
    let heard = 0;
    await Promise.all(
      Array.from({ length: count }, (_, i) => client.exists(name(i), { watch: () => heard++ })),
    );
    const [server] = ensemble.servers;
    await server!.kill();
    await server!.start();
    await Promise.all([client.connected(), writer.connected()]);
    for (let i = 0; i < count; i += 100) {
      const ops = Array.from({ length: 100 }, (_, j) => ({
        kind: 'create' as const,
        path: name(i + j),
        data: null,
      }));
      await waitFor(() => writer.tryMulti(ops), { what: 'the server' });
    }
    await waitFor(() => heard === count, { what: `${count} events` });
  });
});
