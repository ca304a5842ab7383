/** Remote write, to a receiver that reads it as Prometheus does. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { observeMetrics, observeNode } from '@orchestrator/report';
import { uncompress } from 'snappyjs';
import { expect, test } from 'vitest';
import { probeToken, startMonitor } from './monitor-fixture.ts';
import { startProbe } from './scripted-probe.ts';

interface Read {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly timeMs: number;
}

/** Fields of a message: number and bytes, or the varint. */
function* fieldsOf(bytes: Buffer): Generator<readonly [number, Buffer | number]> {
  let at = 0;
  const varint = () => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      factor *= 0x80;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = (tag & 7) === 2 ? varint() : (tag & 7) === 1 ? 8 : 0;
    if (length === 0 && (tag & 7) === 0) yield [tag >> 3, varint()];
    else {
      yield [tag >> 3, bytes.subarray(at, at + length)];
      at += length;
    }
  }
}

function read(body: Buffer): Read[] {
  return [...fieldsOf(body)].map(([, series]) => {
    const labels: Record<string, string> = {};
    let [value, timeMs] = [0, 0];
    for (const [number, part] of fieldsOf(series as Buffer)) {
      const inner = [...fieldsOf(part as Buffer)];
      if (number === 1) labels[String(inner[0]?.[1])] = String(inner[1]?.[1]);
      else [value, timeMs] = [Buffer.from(inner[0]![1] as Buffer).readDoubleLE(), inner[1]![1] as number];
    }
    return { labels, value, timeMs };
  });
}

test('metrics are written as they come, and again after the receiver failed', async () => {
  const received: Read[] = [];
  const seen: Record<string, unknown>[] = [];
  let failures = 1;
  const receiver = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    seen.push(request.headers);
    if (failures-- > 0) return response.writeHead(503).end('busy');
    received.push(...read(Buffer.from(uncompress(Buffer.concat(parts)))));
    return response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const monitor = await startMonitor({
    'remoteWrite.url': `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/api/v1/write`,
    'remoteWrite.everyMs': 1_000,
    'remoteWrite.labels': { cluster: 'east' },
    'remoteWrite.token': { env: 'VIEWER' },
  });
  const probe = startProbe(monitor.probePort, { probeId: 'p1', token: probeToken });
  const nowMs = Date.now();
  const latest = { docker_container_name: '/web', host_node_id: 'h1;<host>' };
  const node = observeMetrics(
    observeNode(undefined, { latest }, nowMs, 'p1'),
    { docker_cpu_total_usage: { value: 12.5 } },
    nowMs,
  );
  const nodes = new Map([['abc;<container>', node]]);
  probe.report({ topologies: new Map([['container', { templates: new Map(), nodes }]]) }, true);
  await expect.poll(() => received.length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
  expect(received).toEqual([
    {
      labels: {
        ...{ __name__: 'orchestrator_docker_cpu_total_usage', cluster: 'east', host: 'h1', id: 'abc' },
        ...{ kind: 'container', name: 'web' },
      },
      ...{ value: 12.5, timeMs: nowMs },
    },
  ]);
  expect(seen[0]).toMatchObject({
    'content-encoding': 'snappy',
    authorization: expect.stringMatching(/^Bearer /),
  });
  const text = await (await fetch(`${monitor.url}/metrics`, { headers: { cookie: monitor.admin } })).text();
  expect(text).toContain('scope_remote_write_samples 1');
  probe.close();
  await monitor.stop();
  receiver.close();
});
