/** A probe of Scope: asked over one WebSocket, with one more for each pipe, all of which it opens. */
import type { Clock } from '@orchestrator/runtime/clock';
import type { ControlRequest, ControlResult, ProbeLink } from '../control/link.ts';
import type { Pipes } from '../control/pipes.ts';
import { MonitorError } from '../errors.ts';
import { PendingControls } from './pending-controls.ts';
import { scopeAnswers, scopeCall } from './scope-rpc.ts';

/** As much of a WebSocket as is used; `ws` and its tests have it. */
export interface ProbeSocket {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  pause(): void;
  resume(): void;
}

export interface ScopeLink extends ProbeLink {
  /** A message of the probe. @throws MonitorError `invalid` for what is no answer: nothing after it would be understood */
  received(text: string): void;
  /** Whether the probe may connect this pipe: it is open, or a control was asked for that may have opened it. */
  expects(pipeId: string): boolean;
  /** The probe has connected a pipe. @returns what takes its bytes, and its end */
  connectPipe(pipeId: string, socket: ProbeSocket): { received(bytes: Uint8Array): void; closed(): void };
  /** The probe has gone. */
  lost(): void;
}

export interface ScopeLinkOptions {
  readonly probeId: string;
  readonly appId: string;
  readonly socket: Pick<ProbeSocket, 'send'>;
  readonly pipes: Pipes;
  readonly clock: Clock;
}

/** Waiting to be read by a probe, of one pipe; beyond it the pipe ends. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Typed before the probe has connected the pipe. */
const maxEarlyBytes = 64 * 1024;
const normalEnd = 1000;
/** Of a closing frame. */
const maxReasonLength = 120;

interface PipeState {
  socket: ProbeSocket | undefined;
  early: Uint8Array[];
  earlyBytes: number;
}

export function createScopeLink({ probeId, appId, socket, pipes, clock }: ScopeLinkOptions): ScopeLink {
  const pending = new PendingControls(clock);
  const answers = scopeAnswers();
  const known = new Map<string, PipeState>();
  let asked = 0;

  const stateOf = (pipeId: string): PipeState => {
    const state = known.get(pipeId) ?? { socket: undefined, early: [], earlyBytes: 0 };
    known.set(pipeId, state);
    return state;
  };

  const forget = (pipeId: string, reason: string) => {
    known.get(pipeId)?.socket?.close(normalEnd, reason.slice(0, maxReasonLength));
    known.delete(pipeId);
  };

  const tooSlow = (pipeId: string) => {
    const reason = 'the probe reads too slowly';
    forget(pipeId, reason);
    pipes.ended(link, pipeId, reason);
  };

  const call = async (request: ControlRequest): Promise<ControlResult> => {
    asked++;
    try {
      const result = await pending.wait(request.control, (id) => {
        for (const message of scopeCall(Number(id), appId, request)) socket.send(message);
      });
      if (result.pipeId !== undefined) {
        const { pipeId } = result;
        // Whoever asked opens the pipe before anything is read from it.
        clock.after(0, () => known.get(pipeId)?.socket?.resume());
      }
      return result;
    } finally {
      asked--;
      if (asked === 0) clock.after(0, forgetUnwanted);
    }
  };

  /** What the probe has connected for controls that have failed. */
  const forgetUnwanted = () => {
    for (const pipeId of known.keys())
      if (asked === 0 && !pipes.has(pipeId)) forget(pipeId, 'nobody asked for it');
  };

  const link: ScopeLink = {
    probeId,
    call,
    sendPipe(pipeId, bytes) {
      const state = stateOf(pipeId);
      if (state.socket === undefined) {
        state.early.push(bytes);
        state.earlyBytes += bytes.byteLength;
        if (state.earlyBytes > maxEarlyBytes) tooSlow(pipeId);
      } else if (state.socket.bufferedAmount > maxWaitingBytes) tooSlow(pipeId);
      else state.socket.send(bytes);
    },
    endPipe: forget,
    received(text) {
      const answer = answers(text);
      if (answer !== undefined) pending.answered(answer.sequence, answer.result);
    },
    expects: (pipeId) => asked > 0 || known.has(pipeId) || pipes.has(pipeId),
    connectPipe(pipeId, pipeSocket) {
      const state = stateOf(pipeId);
      state.socket?.close(normalEnd, 'connected anew');
      state.socket = pipeSocket;
      if (!pipes.has(pipeId)) pipeSocket.pause();
      for (const bytes of state.early.splice(0)) pipeSocket.send(bytes);
      return {
        received: (bytes) => pipes.received(link, pipeId, bytes),
        closed() {
          if (known.get(pipeId)?.socket !== pipeSocket) return;
          known.delete(pipeId);
          pipes.ended(link, pipeId, 'the probe has ended it');
        },
      };
    },
    lost() {
      pending.abandon();
      for (const pipeId of [...known.keys()]) forget(pipeId, 'the probe has gone');
    },
  };
  return link;
}

/** @throws MonitorError `invalid` */
export function requireProbeId(probeId: string): string {
  if (probeId !== '') return probeId;
  throw new MonitorError('invalid', 'the probe does not say which one it is', {
    remedy: 'send its id as X-Scope-Probe-ID, as with its reports',
  });
}
