/**
 * Prometheus' remote write, version 1:
 *
 *     WriteRequest { repeated TimeSeries = 1 }
 *     TimeSeries   { repeated Label = 1; repeated Sample = 2 }
 *     Label        { string name = 1; string value = 2 }
 *     Sample       { double value = 1; int64 timestamp = 2 }
 */
export interface Series {
  /** `__name__` is the metric's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly timeMs: number;
  readonly value: number;
}

const [lengthDelimited, fixed64, varint] = [2, 1, 0];
const tag = (field: number, wireType: number) => (field << 3) | wireType;

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag(number, lengthDelimited)]), varintOf(content.length), content]);
}

function sampleOf({ value, timeMs }: Series): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = tag(1, fixed64);
  bytes.writeDoubleLE(value, 1);
  return Buffer.concat([bytes, Buffer.from([tag(2, varint)]), varintOf(Math.max(0, Math.round(timeMs)))]);
}

/** Labels in the order of their names, as it is asked for; empty ones are left out. */
function seriesOf(series: Series): Buffer {
  const labels = Object.entries(series.labels)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
    );
  return Buffer.concat([...labels, field(2, sampleOf(series))]);
}

export const encodeSeries = (all: readonly Series[]): Buffer =>
  Buffer.concat(all.map((series) => field(1, seriesOf(series))));
