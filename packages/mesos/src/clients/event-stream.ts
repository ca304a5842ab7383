import type { DescMessage } from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import { type BodyFormat, decodeBody } from '../http/format.ts';
import type { Valid } from '../messages/message.ts';
import { createRecordDecoder } from '../recordio/decode.ts';
import type { Answer } from './transport.ts';

export interface EventStreamOptions {
  format: BodyFormat;
  largestRecordBytes?: number;
  /** Called for every record, before it is decoded: the other side is alive. */
  onRecord?: () => void;
}

/** The messages of a RecordIO answer, in order. Ends when the answer does; throws `MesosError` when it breaks. */
export async function* readEvents<Desc extends DescMessage>(
  answer: Answer,
  schema: Desc,
  { format, largestRecordBytes, onRecord }: EventStreamOptions,
): AsyncGenerator<Valid<Desc>> {
  const decoder = createRecordDecoder(largestRecordBytes === undefined ? {} : { largestRecordBytes });
  try {
    for await (const chunk of answer.body) {
      for (const record of decoder.push(chunk)) {
        onRecord?.();
        yield decodeBody(format, schema, record);
      }
    }
    decoder.end();
  } catch (cause) {
    if (cause instanceof MesosError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MesosError(`the stream from ${answer.url.origin} broke: ${reason}`, {
      code: 'unavailable',
      retryable: true,
      cause,
    });
  } finally {
    answer.body.destroy();
  }
}
