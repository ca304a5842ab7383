/**
 * What the Engine sends of a container's log, with timestamps asked for:
 *
 * ```
 * frame = stream (1 = stdout, 2 = stderr)  0 0 0  length (4, big-endian)  timestamp ' ' bytes
 * ```
 *
 * Lines longer than 16 KiB come as several frames with one timestamp.
 */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nine digits, in UTC: sorts as text. */
  timestamp: string;
  bytes: Buffer;
}

const headerBytes = 8;
/** The Engine cuts lines into pieces of 16 KiB; anything far larger is no log. */
const largestFrameBytes = 2 ** 20;

export class LogFrameParser {
  #rest: Buffer = Buffer.alloc(0);

  /** Entries that the chunk completes. @throws RangeError when it is no stream of frames */
  push(chunk: Buffer): LogEntry[] {
    const input = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const entries: LogEntry[] = [];
    let at = 0;
    while (input.length - at >= headerBytes) {
      const length = input.readUInt32BE(at + 4);
      if (length > largestFrameBytes)
        throw new RangeError(`a log frame of ${length} bytes; ${largestFrameBytes} is most`);
      const end = at + headerBytes + length;
      if (end > input.length) break;
      entries.push(parseFrame(input[at], input.subarray(at + headerBytes, end)));
      at = end;
    }
    this.#rest = input.subarray(at);
    return entries;
  }
}

function parseFrame(stream: number | undefined, payload: Buffer): LogEntry {
  const space = payload.indexOf(0x20);
  return {
    stream: stream === 2 ? 'stderr' : 'stdout',
    timestamp: payload.toString('latin1', 0, Math.max(space, 0)),
    bytes: payload.subarray(space + 1),
  };
}

/** A place in a container's log: `repeats` entries of exactly this timestamp have been taken. */
export interface LogMark {
  timestamp: string;
  repeats: number;
}

/** Skips what was taken before a mark: the Engine gives again all from its timestamp on. Pure but for its own count. */
export function skipTaken(mark: LogMark | undefined): (entries: LogEntry[]) => LogEntry[] {
  let left = mark?.repeats ?? 0;
  let isPast = mark === undefined;
  return (entries) => {
    if (isPast) return entries;
    return entries.filter((entry) => {
      if (isPast || mark === undefined) return true;
      if (entry.timestamp < mark.timestamp) return false;
      if (entry.timestamp === mark.timestamp && left > 0) {
        left--;
        return false;
      }
      isPast = entry.timestamp > mark.timestamp;
      return true;
    });
  };
}

/** The mark after an entry. */
export function advanceMark(mark: LogMark | undefined, { timestamp }: LogEntry): LogMark {
  return { timestamp, repeats: mark?.timestamp === timestamp ? mark.repeats + 1 : 1 };
}

/** As the Engine takes `since`: seconds with nine digits. */
export function sinceOf({ timestamp }: LogMark): string {
  const [, fraction = ''] = /\.(\d+)Z$/.exec(timestamp) ?? [];
  return `${Math.floor(Date.parse(timestamp) / 1000)}.${fraction.padEnd(9, '0')}`;
}
