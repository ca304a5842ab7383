import type { Nothing, Operation, Reply } from './operation.ts';

/** ClientInfo: string authScheme | string user */
export interface ClientInfo {
  scheme: string;
  user: string;
}

export interface WhoAmIResult extends Reply {
  /** Every identity that this connection has for ACLs. */
  clientInfo: ClientInfo[];
}

/** Since 3.7. The request has no body. WhoAmIResponse: vector<ClientInfo> */
export const whoAmI: Operation<Nothing, WhoAmIResult> = {
  name: 'whoAmI',
  opCode: 107,
  // The header is the whole request.
  write: () => undefined,
  read: (reader, reply) => ({
    clientInfo: reader.vector((item) => ({ scheme: item.string(), user: item.string() }), 8),
    zxid: reply.zxid,
    cxid: reply.cxid,
  }),
};
