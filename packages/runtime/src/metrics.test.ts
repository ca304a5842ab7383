import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('writes the text format with prefix, help, labels and buckets', async () => {
  const metrics = createMetrics({ prefix: 'zk_', processMetrics: false });
  const writes = metrics.counter({ name: 'writes_total', help: 'Writes applied', labels: ['cluster'] });
  writes.add(2, { cluster: 'b' });
  let depth = 3;
  metrics.gauge({ name: 'queue', help: 'Queued', read: () => depth });
  const lag = metrics.histogram({ name: 'lag_seconds', help: 'Lag', buckets: [0.01, 0.1] });
  lag.observe(0.05);
  depth = 4;
  const { body, contentType } = await metrics.text();
  expect(contentType).toContain('text/plain');
  expect(body).toContain('# HELP zk_writes_total Writes applied');
  expect(body).toContain('zk_writes_total{cluster="b"} 2');
  expect(body).toContain('zk_queue 4');
  expect(body).toContain('zk_lag_seconds_bucket{le="0.1"} 1');
});

test('a series can be forgotten, and a name used once', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const lag = metrics.gauge({ name: 'lag', help: 'Lag', labels: ['cluster'] });
  lag.set(1, { cluster: 'a' });
  lag.set(2, { cluster: 'b' });
  lag.remove({ cluster: 'a' });
  const { body } = await metrics.text();
  expect(body).not.toContain('cluster="a"');
  expect(body).toContain('cluster="b"');
  expect(() => metrics.gauge({ name: 'lag', help: 'Lag' })).toThrow('already been registered');
});

test('registries are apart, and tell of their process', async () => {
  const first = createMetrics();
  createMetrics().counter({ name: 'only_there', help: 'x' });
  const { body } = await first.text();
  expect(body).toContain('process_resident_memory_bytes');
  expect(body).not.toContain('only_there');
});
