import type { DescMessage } from '@bufbuild/protobuf';
import { decodeMessage, type Valid } from '../messages/message.ts';
import type { ReceivedMessage } from './message-parser.ts';
import type { MessageHandler } from './process-table.ts';
import type { Upid } from './upid.ts';

/** What a process does with the messages of one type. */
export interface MessageRoute {
  type: string;
  handle: MessageHandler;
}

/** A message without a valid sender is dropped: there is nobody to answer. */
export function onMessage<Desc extends DescMessage>(
  schema: Desc,
  handle: (message: Valid<Desc>, from: Upid) => void | Promise<void>,
): MessageRoute {
  return onBytes(schema.typeName, (body, from) => handle(decodeMessage(schema, body), from));
}

/** As `onMessage`, for types that are decoded in a way of their own (`decodeDriverCall`). */
export function onBytes(
  type: string,
  handle: (body: Buffer, from: Upid) => void | Promise<void>,
): MessageRoute {
  return { type, handle: ({ from, body }) => (from === undefined ? undefined : handle(body, from)) };
}

export interface RouteMessagesOptions {
  /** Of a type nobody asked for. Real daemons drop these without a word. */
  onUnknownType?: (message: ReceivedMessage) => void;
}

/** A handler for `spawn`: each message to the route of its type. What cannot be decoded throws, to `onHandlerError`. */
export function routeMessages(
  routes: readonly MessageRoute[],
  { onUnknownType }: RouteMessagesOptions = {},
): MessageHandler {
  const byType = new Map(routes.map((route) => [route.type, route.handle]));
  return (message) => {
    const handle = byType.get(message.type);
    if (handle === undefined) return onUnknownType?.(message);
    return handle(message);
  };
}
