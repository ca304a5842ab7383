/** Pipes: bytes between a viewer and something on a probe's host, such as a shell. They outlive a viewer's reload. */
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';
import type { ProbeLink } from './link.ts';

/** The end at which a person sits. */
export interface PipeViewer {
  /** False if the viewer reads too slowly to go on. */
  send(bytes: Uint8Array): boolean;
  close(reason: string): void;
}

export interface PipeLimits {
  /** At once. Default 1,000. */
  readonly pipes: number;
  /** Output kept of each pipe for a viewer that comes back. Default 64 KiB. */
  readonly keptBytes: number;
  /** Output kept until the first viewer has come, who must not miss any of a file. Default 4 MiB. */
  readonly unseenBytes: number;
  /** Without a viewer for this long, the pipe is ended. Default one minute. */
  readonly idleMs: number;
}

export const defaultPipeLimits: PipeLimits = {
  pipes: 1_000,
  keptBytes: 64 * 1024,
  unseenBytes: 4 * 1024 * 1024,
  idleMs: 60_000,
};

interface Pipe {
  readonly link: ProbeLink;
  /** Who opened it; nobody else may look. */
  readonly owner: string;
  viewer: PipeViewer | undefined;
  kept: Uint8Array[];
  keptBytes: number;
  /** Somebody has looked at it. */
  seen: boolean;
  /** Why it has ended before anybody looked; what was kept is still there for who comes. */
  over: string | undefined;
  idle: Timer | undefined;
}

export interface PipeEnd {
  write(bytes: Uint8Array): void;
  /** The viewer goes; the pipe stays for a while. */
  detach(): void;
}

export interface Pipes {
  /** @throws MonitorError `limit` */
  open(pipeId: string, link: ProbeLink, owner: string): void;
  /** Connects a viewer, in the place of the one before, and sends what was kept. @throws MonitorError `not-found`, `forbidden` */
  attach(pipeId: string, viewer: PipeViewer, owner: string): PipeEnd;
  has(pipeId: string): boolean;
  /** From the viewer's side. @throws MonitorError `not-found`, `forbidden` */
  end(pipeId: string, owner: string): void;
  /** From the probe's side. */
  received(link: ProbeLink, pipeId: string, bytes: Uint8Array): void;
  ended(link: ProbeLink, pipeId: string, reason: string): void;
  /** All pipes of a probe that has gone. */
  lost(link: ProbeLink): void;
}

/** Pipe names are the probe's; two probes may choose the same. The later one wins nothing: it is refused. */
export function createPipes(clock: Clock, given: Partial<PipeLimits> = {}): Pipes {
  const limits = { ...defaultPipeLimits, ...given };
  const pipes = new Map<string, Pipe>();

  const close = (pipeId: string, pipe: Pipe, reason: string) => {
    pipes.delete(pipeId);
    pipe.idle?.cancel();
    pipe.viewer?.close(reason);
  };

  const waitForViewer = (pipeId: string, pipe: Pipe) => {
    pipe.idle?.cancel();
    pipe.idle = clock.after(
      limits.idleMs,
      () => {
        close(pipeId, pipe, 'nobody looked at it');
        pipe.link.endPipe(pipeId, 'nobody looked at it');
      },
      { background: true },
    );
  };

  const keep = (pipe: Pipe, bytes: Uint8Array) => {
    pipe.kept.push(bytes);
    pipe.keptBytes += bytes.byteLength;
    const limitBytes = pipe.seen ? limits.keptBytes : limits.unseenBytes;
    while (pipe.keptBytes > limitBytes && pipe.kept.length > 1) {
      pipe.keptBytes -= pipe.kept.shift()?.byteLength ?? 0;
    }
  };

  const ownPipe = (pipeId: string, owner: string): Pipe => {
    const pipe = pipes.get(pipeId);
    if (pipe === undefined) throw new MonitorError('not-found', `pipe ${pipeId} is not open`);
    if (pipe.owner !== owner)
      throw new MonitorError('forbidden', `pipe ${pipeId} was opened by someone else`);
    return pipe;
  };

  return {
    open(pipeId, link, owner) {
      if (pipes.has(pipeId) || pipes.size >= limits.pipes) {
        link.endPipe(pipeId, 'refused');
        throw new MonitorError('limit', `pipe ${pipeId} cannot be opened: ${pipes.size} are open`);
      }
      const pipe: Pipe = {
        ...{ link, owner, viewer: undefined, kept: [], keptBytes: 0, seen: false, over: undefined },
        idle: undefined,
      };
      pipes.set(pipeId, pipe);
      waitForViewer(pipeId, pipe);
    },
    attach(pipeId, viewer, owner) {
      const pipe = ownPipe(pipeId, owner);
      pipe.viewer?.close('opened elsewhere');
      pipe.viewer = viewer;
      pipe.seen = true;
      pipe.idle?.cancel();
      for (const bytes of pipe.kept) viewer.send(bytes);
      if (pipe.over !== undefined) close(pipeId, pipe, pipe.over);
      return {
        write: (bytes) => {
          if (pipe.viewer === viewer && pipes.get(pipeId) === pipe) pipe.link.sendPipe(pipeId, bytes);
        },
        detach: () => {
          if (pipe.viewer !== viewer) return;
          pipe.viewer = undefined;
          if (pipes.get(pipeId) === pipe) waitForViewer(pipeId, pipe);
        },
      };
    },
    has: (pipeId) => pipes.has(pipeId),
    end(pipeId, owner) {
      const pipe = ownPipe(pipeId, owner);
      close(pipeId, pipe, 'closed');
      pipe.link.endPipe(pipeId, '');
    },
    received(link, pipeId, bytes) {
      const pipe = pipes.get(pipeId);
      if (pipe?.link !== link) return;
      keep(pipe, bytes);
      if (pipe.viewer?.send(bytes) !== false) return;
      close(pipeId, pipe, 'the viewer reads too slowly');
      link.endPipe(pipeId, 'the viewer reads too slowly');
    },
    ended(link, pipeId, reason) {
      const pipe = pipes.get(pipeId);
      if (pipe?.link !== link) return;
      if (pipe.seen) close(pipeId, pipe, reason);
      else pipe.over = reason;
    },
    lost(link) {
      for (const [pipeId, pipe] of pipes) if (pipe.link === link) close(pipeId, pipe, 'the probe has gone');
    },
  };
}
