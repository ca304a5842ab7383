/** The nodes of a view as they are now: everything first, then differences, gathered so that a flood is drawn once. */
import { type Clock, systemClock, type Timer } from '@orchestrator/runtime/clock';
import { useEffect, useState } from 'react';
import { ApiError, conformsTo, openSocket, type SocketState, urlOf } from '../../api/index.ts';
import { type Difference, difference, type NodeSummary } from './schema.ts';

export type Nodes = ReadonlyMap<string, NodeSummary>;

export interface LiveView {
  /** Undefined until the first answer. What has not changed is the same object as before. */
  readonly nodes: Nodes | undefined;
  readonly state: SocketState;
  /** The server does not know the view, or refuses the query. */
  readonly error: ApiError | undefined;
}

/** `before` with the messages applied, in their order. */
export function applyDifferences(before: Nodes | undefined, messages: readonly Difference[]): Nodes {
  let nodes = new Map(before);
  for (const { add, update, remove, reset } of messages) {
    if (reset === true) nodes = new Map();
    for (const node of add ?? []) nodes.set(node.id, node);
    for (const node of update ?? []) nodes.set(node.id, node);
    for (const id of remove ?? []) nodes.delete(id);
  }
  return nodes;
}

/** Thousands of nodes may come several times a second; the schema's own way takes longer than all the rest. */
const isDifference = conformsTo(difference);

interface Follower {
  readonly onNodes: (nodes: Nodes) => void;
  readonly onState: (state: SocketState) => void;
  readonly onError: (error: ApiError) => void;
}

const remedy = 'change the search or choose another view';

/** The first answer is shown at once; later on, what belongs together is waited for. */
const gatherMs = 60;

function follow(path: string, { onNodes, onState, onError }: Follower, clock: Clock): () => void {
  let nodes: Nodes | undefined;
  let waiting: Difference[] = [];
  let frame = 0;
  let timer: Timer | undefined;
  const show = () => {
    [frame, timer] = [0, undefined];
    nodes = applyDifferences(nodes, waiting);
    waiting = [];
    onNodes(nodes);
  };
  // Hidden pages get no frames; what waits is then bounded by what the server keeps for a slow reader.
  const showSoon = () => {
    if (frame === 0) frame = requestAnimationFrame(show);
  };
  const socket = openSocket({
    path: () => path,
    onState,
    onRefused: (reason) => onError(new ApiError(reason, { code: 'invalid', remedy })),
    onMessage: (data) => {
      const message: unknown = JSON.parse(String(data));
      if (!isDifference(message)) {
        onError(
          new ApiError('the server sent what is not understood', {
            code: 'unexpected',
            remedy: 'reload the page',
          }),
        );
        return;
      }
      waiting.push(message);
      if (nodes === undefined) showSoon();
      else timer ??= clock.after(gatherMs, showSoon);
    },
  });
  return () => {
    socket.close();
    timer?.cancel();
    cancelAnimationFrame(frame);
  };
}

const nothing: LiveView = { nodes: undefined, state: 'connecting', error: undefined };

/** `parameters` undefined: follows nothing. */
export function useLiveView(
  view: string,
  parameters: Readonly<Record<string, string>> | undefined,
  clock: Clock = systemClock,
): LiveView {
  const [live, setLive] = useState<LiveView & { readonly path?: string }>(nothing);
  const path =
    parameters === undefined
      ? undefined
      : urlOf(`/api/topology/${encodeURIComponent(view)}/ws`, { t: '500ms', flows: 1, ...parameters });
  useEffect(() => {
    if (path === undefined) return;
    setLive({ ...nothing, path });
    return follow(
      path,
      {
        onNodes: (nodes) => setLive((now) => ({ ...now, nodes, error: undefined })),
        onState: (state) => setLive((now) => ({ ...now, state })),
        onError: (error) => setLive((now) => ({ ...now, error })),
      },
      clock,
    );
  }, [path, clock]);
  return live.path === path ? live : nothing;
}
