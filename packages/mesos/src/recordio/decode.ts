import { GrowingBuffer } from '../bytes/growing-buffer.ts';
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

/** RecordIO, as Mesos streams events: `<decimal length>\n<bytes>`, over and over. */
export function createRecordDecoder(options: RecordDecoderOptions = {}): RecordDecoder {
  const { largestRecordBytes = 64 * 1024 * 1024 } = options;
  const received = new GrowingBuffer();
  /** Length of the record that is being read; -1 while its length is. */
  let length = -1;

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

  /** Reads the length; false while it is not whole. */
  function readLength(): boolean {
    const { bytes } = received;
    const end = bytes.indexOf(newline);
    if (end === -1 && bytes.length <= longestPrefix) return false;
    length = lengthFrom(bytes.toString('latin1', 0, end === -1 ? longestPrefix + 1 : end));
    received.take(end + 1);
    return true;
  }

  return {
    push(chunk) {
      received.append(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      const records: Buffer[] = [];
      while (length !== -1 || readLength()) {
        const { bytes } = received;
        if (bytes.length < length) break;
        records.push(bytes.subarray(0, length));
        received.take(length);
        length = -1;
      }
      return records;
    },
    end() {
      const { bytes } = received;
      if (length === -1 && bytes.length === 0) return;
      const rest =
        length === -1
          ? `its length (${JSON.stringify(bytes.toString('latin1'))})`
          : `a record, ${length - bytes.length} bytes early`;
      throw new MesosError(`the stream ended inside ${rest}`, { code: 'invalid' });
    },
  };
}
