import type { Operation } from './operation.ts';

/**
 * One token each way; the server's `null` means that it has nothing more to say.
 *
 * GetSASLRequest: buffer token
 * SetSASLResponse: buffer token
 */
export const sasl: Operation<{ token: Buffer }, Buffer | null> = {
  name: 'sasl',
  opCode: 102,
  write: (writer, request) => writer.buffer(request.token),
  read: (reader) => reader.bufferCopy(),
};
