import type { WebSocket } from '@fastify/websocket';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Principal, Role } from './auth.ts';

export interface RouteSchemas {
  /** Of the path's `:name`s; values arrive as text. */
  params?: z.ZodType;
  /** Values arrive as text, or lists of text when repeated: use `z.coerce`. */
  query?: z.ZodType;
  body?: z.ZodType;
  /** Documents the answer; it is not checked. */
  response?: z.ZodType;
}

/** What the OpenAPI document says of a route. */
export interface RouteDescription {
  summary?: string;
  description?: string;
  tags?: readonly string[];
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

export interface RouteContext<Schemas extends RouteSchemas> {
  params: Parsed<Schemas['params']>;
  query: Parsed<Schemas['query']>;
  body: Parsed<Schemas['body']>;
  principal: Principal;
  /** Aborts when the client goes away. */
  signal: AbortSignal;
  /** For headers, status or a stream of one's own. */
  reply: FastifyReply;
}

export interface Route<Schemas extends RouteSchemas> extends RouteDescription {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/migrations/:id` */
  path: string;
  /** Who may; `anyone` needs no credentials. */
  role: Role | 'anyone';
  schemas?: Schemas;
  /** Status of success. Default 200, or 204 when nothing is returned. */
  status?: number;
  /** Default the server's. */
  bodyLimitBytes?: number;
  /** What it returns is sent as JSON (a string as it is). Errors become answers by `errorTable`. */
  handle(context: RouteContext<Schemas>): unknown;
}

export interface WebSocketRoute {
  path: string;
  role: Role;
  /** Called with the open socket. An error thrown closes it with 1011. */
  handle(socket: WebSocket, context: { principal: Principal; request: FastifyRequest }): void | Promise<void>;
}
