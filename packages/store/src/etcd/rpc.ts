/** etcd's messages and methods as types. 64-bit numbers arrive as text: lease ids do not fit a double. */
import { fileURLToPath } from 'node:url';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

interface Header {
  revision: string;
}

export interface KeyValue {
  key: Buffer;
  mod_revision: string;
  value: Buffer;
}

export interface RangeRequest {
  key: Buffer;
  range_end?: Buffer;
  limit?: number;
}

export interface RangeResponse {
  header: Header;
  kvs: KeyValue[];
  more: boolean;
}

export type RequestOp =
  | { request_range: RangeRequest }
  | { request_put: { key: Buffer; value: Buffer; lease?: string } }
  | { request_delete_range: { key: Buffer } };

interface ResponseOp {
  response_range?: RangeResponse;
  response_delete_range?: { deleted: string };
}

export interface TxnRequest {
  compare: { result: 'EQUAL'; target: 'MOD'; key: Buffer; mod_revision: number }[];
  success: RequestOp[];
  failure: RequestOp[];
}

export interface TxnResponse {
  header: Header;
  succeeded: boolean;
  responses: ResponseOp[];
}

export interface WatchRequest {
  create_request: { key: Buffer; range_end: Buffer; start_revision: number };
}

export interface WatchResponse {
  canceled: boolean;
  /** Not "0" when the wanted revision is no longer kept: the first one that is. */
  compact_revision: string;
  cancel_reason: string;
  events: { type: 'PUT' | 'DELETE'; kv: KeyValue }[];
}

export type Method<Request, Response> = MethodDefinition<Request, Response>;

const definitions = loadSync(fileURLToPath(new URL('./rpc.proto', import.meta.url)), {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: false,
});

function method<Request, Response>(service: string, name: string): Method<Request, Response> {
  const definition = definitions[`etcdserverpb.${service}`];
  const found = definition === undefined ? undefined : Reflect.get(definition, name);
  if (found === undefined) throw new Error(`rpc.proto has no ${service}.${name}`);
  return found as Method<Request, Response>;
}

export const methods = {
  range: method<RangeRequest, RangeResponse>('KV', 'Range'),
  txn: method<TxnRequest, TxnResponse>('KV', 'Txn'),
  watch: method<WatchRequest, WatchResponse>('Watch', 'Watch'),
  leaseGrant: method<{ TTL: number }, { ID: string; TTL: string }>('Lease', 'LeaseGrant'),
  leaseRevoke: method<{ ID: string }, object>('Lease', 'LeaseRevoke'),
  leaseKeepAlive: method<{ ID: string }, { TTL: string }>('Lease', 'LeaseKeepAlive'),
  authenticate: method<{ name: string; password: string }, { token: string }>('Auth', 'Authenticate'),
};
