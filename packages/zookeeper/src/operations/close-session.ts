import type { Nothing, Operation, Reply } from './operation.ts';

/** CloseSession has neither a request nor a response body. */
export const closeSession: Operation<Nothing, Reply> = {
  name: 'closeSession',
  opCode: -11,
  // The header is the whole request.
  write: () => undefined,
  read: (_reader, reply) => ({ zxid: reply.zxid, cxid: reply.cxid }),
};
