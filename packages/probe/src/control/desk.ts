import type { Duplex } from 'node:stream';
import { ProbeError } from '../errors.ts';

export interface ControlCall {
  readonly nodeId: string;
  readonly control: string;
  readonly arguments: Readonly<Record<string, string>>;
}

/** What came of it; an error is thrown. */
export interface ControlResult {
  readonly value?: string;
  /** Bytes both ways, such as a terminal's. The desk gives it a name. */
  readonly pipe?: Duplex;
  readonly rawTty?: boolean;
  readonly resizeTtyControl?: string;
  /** Called with the pipe's name, so that a later call can refer to it. */
  readonly named?: (pipeId: string) => void;
  /** The node is gone by it. */
  readonly removedNode?: string;
}

export type ControlHandler = (call: ControlCall) => Promise<ControlResult>;

/** Where sources say what can be done with their nodes, and transports ask for it. */
export interface ControlDesk {
  /** Takes over the control of this name; returns what gives it up. */
  register(control: string, handler: ControlHandler): () => void;
  /** @throws ProbeError `not-found` for a control that nobody has registered; what its handler throws */
  call(call: ControlCall): Promise<ControlResult>;
}

export function createControlDesk(): ControlDesk {
  const handlers = new Map<string, ControlHandler>();
  return {
    register(control, handler) {
      handlers.set(control, handler);
      return () => {
        if (handlers.get(control) === handler) handlers.delete(control);
      };
    },
    async call(call) {
      const handler = handlers.get(call.control);
      if (handler === undefined) {
        throw new ProbeError(`control "${call.control}" is not known to this probe`, {
          code: 'not-found',
          remedy: 'use one of the controls that the node lists',
        });
      }
      return handler(call);
    },
  };
}
