import type { ReceivedMessage } from './message-parser.ts';

/**
 * Takes the messages to one process, in order. While a returned promise is pending, nothing more is read from the
 * connection that the message came on: back-pressure on its sender.
 */
export type MessageHandler = (message: ReceivedMessage) => void | Promise<void>;

/** The processes of this node by id, and what happens to messages for them. */
export interface ProcessTable {
  add(id: string, handler: MessageHandler): void;
  remove(id: string): void;
  has(id: string): boolean;
  /** What the handler returned; undefined also when there is no such process. A handler that throws is reported. */
  deliver(message: ReceivedMessage): void | Promise<void>;
}

export function createProcessTable(
  onError: (error: unknown, message: ReceivedMessage) => void,
): ProcessTable {
  const handlers = new Map<string, MessageHandler>();
  return {
    add(id, handler) {
      if (handlers.has(id)) throw new RangeError(`there is a process "${id}" already`);
      handlers.set(id, handler);
    },
    remove: (id) => void handlers.delete(id),
    has: (id) => handlers.has(id),
    deliver(message) {
      try {
        return handlers
          .get(message.to)?.(message)
          ?.catch((error: unknown) => onError(error, message));
      } catch (error) {
        onError(error, message);
      }
    },
  };
}
