import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useTheme } from '../../theme/theme.ts';
import { ErrorState, formatNumber, formatRate, IconButton } from '../../ui/index.ts';
import type { Drawn } from '../model/drawn.ts';
import styles from './graph-canvas.module.css';
import { createGraphView, type GraphView, type Pointed } from './graph-view.ts';
import { type Scene, sceneOf } from './scene.ts';

export interface GraphCanvasProps {
  readonly drawn: Drawn;
  /** Nodes are sized by a metric. */
  readonly isSized: boolean;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string | undefined) => void;
  readonly onToggleGroup: (name: string) => void;
}

const directions: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
const panPx = 80;

function handleKey(event: KeyboardEvent, view: GraphView, close: () => void): void {
  const direction = directions[event.key];
  if (direction !== undefined && event.shiftKey) view.pan(-direction.x * panPx, -direction.y * panPx);
  else if (direction !== undefined) view.step(direction);
  else if (event.key === '+' || event.key === '=') view.zoomBy(1.4);
  else if (event.key === '-') view.zoomBy(1 / 1.4);
  else if (event.key === '0') view.fit();
  else if (event.key === 'Escape') close();
  else return;
  event.preventDefault();
}

function Tip({ pointed, scene }: { readonly pointed: Pointed; readonly scene: Scene }) {
  const style = { left: pointed.at.x + 14, top: pointed.at.y + 14 };
  if (pointed.kind === 'node') {
    const node = scene.nodes[pointed.index];
    if (node === undefined) return null;
    return (
      <div className={styles.tip} style={style}>
        <strong>{node.label}</strong>
        {node.members > 0 ? `${node.members} nodes; click to open` : node.minor}
      </div>
    );
  }
  const edge = scene.edges[pointed.index];
  if (edge === undefined) return null;
  const name = (index: number) => scene.nodes[index]?.label ?? '';
  return (
    <div className={styles.tip} style={style}>
      <strong>
        {name(edge.fromIndex)} → {name(edge.toIndex)}
      </strong>
      {edge.count > 1 && <span>{formatNumber(edge.count)} pairs of nodes</span>}
      <span>
        {formatNumber(edge.connections)} open, {formatRate(edge.bytesPerS)}
      </span>
    </div>
  );
}

/** Says in words what the picture shows, for who cannot see it. */
const describe = ({ nodes, edges }: Scene) =>
  `Graph of ${nodes.length} nodes and ${edges.length} connections. Arrow keys go from node to node, plus and minus zoom, 0 shows everything. The table shows the same in words.`;

const noGraph = (cause: unknown) => {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(`the graph cannot be drawn (${why}); the table shows the same`, { cause });
};

export function GraphCanvas({ drawn, isSized, chosen, onChoose, onToggleGroup }: GraphCanvasProps) {
  const surface = useRef<HTMLDivElement>(null);
  const map = useRef<HTMLCanvasElement>(null);
  const view = useRef<GraphView>(undefined);
  const [pointed, setPointed] = useState<Pointed>();
  const [failure, setFailure] = useState<unknown>();
  const handlers = useRef({ onChoose, onToggleGroup });
  handlers.current = { onChoose, onToggleGroup };
  const theme = useTheme();
  const scene = useMemo(() => sceneOf(drawn, isSized), [drawn, isSized]);

  useEffect(() => {
    if (surface.current === null || map.current === null) return;
    try {
      view.current = createGraphView(surface.current, map.current, {
        onChoose: (id) => handlers.current.onChoose(id),
        onToggleGroup: (name) => handlers.current.onToggleGroup(name),
        onPoint: setPointed,
        onFailed: (message) => setFailure(new Error(message)),
      });
    } catch (error) {
      setFailure(error);
    }
    return () => view.current?.close();
  }, []);
  useEffect(() => {
    view.current?.show(scene);
    setPointed(undefined);
  }, [scene]);
  useEffect(() => view.current?.choose(chosen), [chosen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page, which the theme has changed
  useEffect(() => view.current?.restyle(), [theme]);

  if (failure !== undefined) return <ErrorState error={noGraph(failure)} />;
  return (
    <div className={styles.frame}>
      <div
        ref={surface}
        className={styles.surface}
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
        tabIndex={0}
        aria-label={describe(scene)}
        data-testid="graph"
        onKeyDown={(event) =>
          view.current !== undefined && handleKey(event, view.current, () => onChoose(undefined))
        }
      />
      <div className={styles.tools} role="toolbar" aria-label="Graph">
        <IconButton icon="plus" label="Zoom in" onClick={() => view.current?.zoomBy(1.4)} />
        <IconButton icon="minus" label="Zoom out" onClick={() => view.current?.zoomBy(1 / 1.4)} />
        <IconButton icon="fit" label="Show everything" onClick={() => view.current?.fit()} />
      </div>
      <canvas ref={map} className={styles.map} role="img" aria-label="Map of the whole graph" />
      {pointed !== undefined && <Tip pointed={pointed} scene={scene} />}
    </div>
  );
}
