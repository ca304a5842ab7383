import { MesosError } from '../errors.ts';

export interface RecordDecoderOptions {
  /** A record that announces more is refused before any of it is kept. Default 64 MiB. */
  largestRecordBytes?: number;
}

export interface RecordDecoder {
  /**
   * Takes the next bytes of the stream, however they are cut, and gives the records that are whole now. A record may be
   * a view of the bytes given. Throws `MesosError` (`invalid`, or `limit` for a record that is too large); the decoder
   * is of no use afterwards.
   */
  push(bytes: Uint8Array): Buffer[];
  /** Throws `MesosError` (`invalid`) when the stream ended inside a record. */
  end(): void;
}

const newline = 0x0a;
/** Digits of the largest length there can be. */
const longestPrefix = 16;

/** First room for a record that comes in parts; doubled as it fills, so that a length alone claims no memory. */
const firstRoom = 65_536;

/** RecordIO, as Mesos streams events: `<decimal length>\n<bytes>`, over and over. */
export function createRecordDecoder(options: RecordDecoderOptions = {}): RecordDecoder {
  const { largestRecordBytes = 64 * 1024 * 1024 } = options;
  let prefix = '';
  /** Length of the record that is being read; -1 while its length is. */
  let length = -1;
  let room = Buffer.alloc(0);
  let have = 0;

  function lengthFrom(digits: string): number {
    if (!/^\d{1,16}$/.test(digits)) {
      throw new MesosError(`a record begins with ${JSON.stringify(digits)}, which is no length`, {
        code: 'invalid',
      });
    }
    const announced = Number(digits);
    if (announced > largestRecordBytes) {
      throw new MesosError(`a record of ${digits} bytes is larger than the ${largestRecordBytes} allowed`, {
        code: 'limit',
        remedy: 'raise largestRecordBytes if such records are to be expected',
      });
    }
    return announced;
  }

  /** Reads on in the length; the offset after it. */
  function readPrefix(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(newline, from);
    const until = end === -1 ? bytes.length : end;
    prefix += bytes.toString('latin1', from, Math.min(until, from + longestPrefix + 1));
    if (end === -1) {
      if (prefix.length > longestPrefix) lengthFrom(prefix);
      return bytes.length;
    }
    length = lengthFrom(prefix);
    prefix = '';
    return end + 1;
  }

  function keep(part: Buffer): void {
    if (have + part.length > room.length) {
      const larger = Buffer.allocUnsafe(Math.min(length, Math.max(firstRoom, 2 * (have + part.length))));
      room.copy(larger, 0, 0, have);
      room = larger;
    }
    part.copy(room, have);
    have += part.length;
  }

  function takeRecord(last: Buffer): Buffer {
    let record = last;
    if (have > 0) {
      keep(last);
      record = room.subarray(0, have);
    }
    room = Buffer.alloc(0);
    have = 0;
    length = -1;
    return record;
  }

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const records: Buffer[] = [];
      let at = 0;
      while (at < bytes.length || length === 0) {
        if (length === -1) {
          at = readPrefix(bytes, at);
          continue;
        }
        const to = at + length - have;
        if (to <= bytes.length) records.push(takeRecord(bytes.subarray(at, to)));
        else keep(bytes.subarray(at));
        at = Math.min(to, bytes.length);
      }
      return records;
    },
    end() {
      if (length === -1 && prefix === '') return;
      const rest =
        length === -1 ? `its length (${JSON.stringify(prefix)})` : `a record, ${length - have} bytes early`;
      throw new MesosError(`the stream ended inside ${rest}`, { code: 'invalid' });
    },
  };
}
