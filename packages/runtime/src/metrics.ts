import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricOptions<Label extends string> {
  /** Without the prefix; units at the end as Prometheus wants them (`_seconds`, `_bytes`, `_total`). */
  name: string;
  /** One sentence. */
  help: string;
  labels?: readonly Label[];
}

type LabelValues<Label extends string> = Readonly<Partial<Record<Label, string | number>>>;

export interface CounterMetric<Label extends string> {
  add(amount: number, labels?: LabelValues<Label>): void;
}

export interface GaugeMetric<Label extends string> {
  set(value: number, labels?: LabelValues<Label>): void;
  /** Forgets one series, so that what is gone is not reported for ever. */
  remove(labels: LabelValues<Label>): void;
}

export interface HistogramMetric<Label extends string> {
  observe(value: number, labels?: LabelValues<Label>): void;
}

export interface Metrics {
  counter<Label extends string = never>(options: MetricOptions<Label>): CounterMetric<Label>;
  /** `read`, when given, is asked at each scrape instead of `set`. */
  gauge<Label extends string = never>(
    options: MetricOptions<Label> & { read?: () => number },
  ): GaugeMetric<Label>;
  /** `buckets`: upper bounds, rising; default 1 ms to 10 s for values in seconds. */
  histogram<Label extends string = never>(
    options: MetricOptions<Label> & { buckets?: readonly number[] },
  ): HistogramMetric<Label>;
  /** Everything in the text format, with its content type. */
  text(): Promise<{ body: string; contentType: string }>;
}

const latencyBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The metrics of a process; there is one per process, made in `main.ts` and handed on.
 *
 * @param options `prefix` comes before every name, `process_*` and `nodejs_*` excepted, which every dashboard knows by
 * these names. `processMetrics: false` leaves those out.
 * @throws Error when a name is used twice
 */
export function createMetrics(options: { prefix?: string; processMetrics?: boolean } = {}): Metrics {
  const { prefix = '', processMetrics = true } = options;
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });

  const base = <Label extends string>({ name, help, labels = [] }: MetricOptions<Label>) => ({
    name: `${prefix}${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
  });

  return {
    counter(metric) {
      const counter = new Counter(base(metric));
      return {
        add: (amount, labels) => (labels === undefined ? counter.inc(amount) : counter.inc(labels, amount)),
      };
    },
    gauge({ read, ...metric }) {
      const gauge = new Gauge({
        ...base(metric),
        ...(read === undefined
          ? {}
          : {
              collect(this: { set(value: number): void }) {
                this.set(read());
              },
            }),
      });
      return {
        set: (value, labels) => (labels === undefined ? gauge.set(value) : gauge.set(labels, value)),
        remove: (labels) => gauge.remove(labels),
      };
    },
    histogram({ buckets = latencyBucketsSeconds, ...metric }) {
      const histogram = new Histogram({ ...base(metric), buckets: [...buckets] });
      return {
        observe: (value, labels) =>
          labels === undefined ? histogram.observe(value) : histogram.observe(labels, value),
      };
    },
    async text() {
      return { body: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
