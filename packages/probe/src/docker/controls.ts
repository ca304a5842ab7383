import { Duplex, type Readable, Writable } from 'node:stream';
import type { ControlCall, ControlHandler, ControlResult } from '../control/desk.ts';
import { terminalSize } from '../control/terminal-size.ts';
import { ProbeError } from '../errors.ts';
import { containerNodeId } from '../host/facts.ts';
import type { SourceContext } from '../source.ts';
import type { DockerApi } from './api.ts';
import { demultiplex } from './demultiplex.ts';
import { fileControls } from './files.ts';
import { hangUp } from './hang-up.ts';

/** Seconds that a container gets to end by itself. */
const stopGraceS = 10;
const defaultTail = 1000;
/** Terminals whose size can be changed at once. */
const terminalLimit = 1000;

/** The best shell that is there. */
const shell = ['/bin/sh', '-c', 'TERM=xterm; export TERM; [ -x /bin/bash ] && exec /bin/bash; exec /bin/sh'];

const containerSuffix = containerNodeId('');

function containerIdOf({ nodeId }: ControlCall): string {
  const id = nodeId.endsWith(containerSuffix) ? nodeId.slice(0, -containerSuffix.length) : '';
  // It becomes a part of a path.
  if (/^[0-9a-f]{12,64}$/.test(id)) return id;
  throw new ProbeError(`"${nodeId}" is not the node of a container`, {
    code: 'invalid',
    remedy: 'call it on a container of this probe',
  });
}

/** Output with nothing to write to. */
function readOnly(output: Readable): Duplex {
  return Duplex.from({
    readable: output,
    writable: new Writable({ write: (_chunk, _encoding, done) => done() }),
  });
}

async function isTerminal(api: DockerApi, id: string): Promise<boolean> {
  const inspected = await api.get(`/containers/${id}/json`);
  const config: unknown = Object(inspected).Config;
  return Object(config).Tty === true;
}

/** Makes a container's controls available, with `files` those of its files too; returns what takes them away. */
export function registerDockerControls(
  { controls, board, host, logger }: SourceContext,
  api: DockerApi,
  { files }: { files: boolean },
): () => void {
  const terminals = new Map<string, string>();

  const change =
    (action: string): ControlHandler =>
    async (call) => {
      await api.post(`/containers/${containerIdOf(call)}/${action}`);
      return {};
    };

  const handlers: Record<string, ControlHandler> = {
    docker_start_container: change('start'),
    docker_stop_container: change(`stop?t=${stopGraceS}`),
    docker_restart_container: change(`restart?t=${stopGraceS}`),
    docker_pause_container: change('pause'),
    docker_unpause_container: change('unpause'),
    async docker_remove_container(call) {
      const id = containerIdOf(call);
      await api.delete(`/containers/${id}`);
      board.remove('container', containerNodeId(id), 'now');
      return { removedNode: call.nodeId };
    },
    async docker_exec_container(call) {
      const containerId = containerIdOf(call);
      const created = await api.post(`/containers/${containerId}/exec`, {
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: true,
        Cmd: shell,
      });
      const execId = String(Object(created).Id);
      const pipe = await api.hijack(`/exec/${execId}/start`, { Detach: false, Tty: true });
      pipe.once('close', () => {
        hangUp(api, host, { containerId, execId }).catch((error) =>
          logger.debug('a shell that was left could not be ended', { containerId, error }),
        );
      });
      return terminal(pipe, execId);
    },
    async docker_resize_exec_tty(call) {
      const execId = terminals.get(call.arguments.pipeID ?? '');
      if (execId === undefined) {
        throw new ProbeError(`no terminal has the pipe "${call.arguments.pipeID}"`, { code: 'not-found' });
      }
      const { width, height } = terminalSize(call);
      await api.post(`/exec/${execId}/resize?w=${width}&h=${height}`);
      return {};
    },
    async docker_attach_container(call) {
      const id = containerIdOf(call);
      const rawTty = await isTerminal(api, id);
      const socket = await api.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
      const pipe = rawTty ? socket : Duplex.from({ readable: socket.pipe(demultiplex()), writable: socket });
      return { pipe, rawTty };
    },
    async docker_logs_container(call) {
      const id = containerIdOf(call);
      const tail = Number(call.arguments.tail ?? defaultTail);
      if (!Number.isInteger(tail) || tail < 0) {
        throw new ProbeError(`"${call.arguments.tail}" is no number of lines`, { code: 'invalid' });
      }
      const isTty = await isTerminal(api, id);
      const output = await api.stream(
        `/containers/${id}/logs?follow=1&stdout=1&stderr=1&timestamps=${call.arguments.timestamps === 'true' ? 1 : 0}&tail=${tail}`,
      );
      return { pipe: readOnly(isTty ? output : output.pipe(demultiplex())) };
    },
  };

  const terminal = (pipe: Duplex, execId: string): ControlResult => ({
    pipe,
    rawTty: true,
    resizeTtyControl: 'docker_resize_exec_tty',
    named(pipeId) {
      const oldest = terminals.size >= terminalLimit ? terminals.keys().next().value : undefined;
      if (oldest !== undefined) terminals.delete(oldest);
      terminals.set(pipeId, execId);
      pipe.once('close', () => terminals.delete(pipeId));
    },
  });

  const ofFiles = files ? fileControls({ api, procRoot: host.procRoot, containerIdOf }) : {};
  const withdrawals = Object.entries({ ...handlers, ...ofFiles }).map(([name, handler]) =>
    controls.register(name, handler),
  );
  return () => {
    for (const withdraw of withdrawals) withdraw();
  };
}
