/**
 * Where nodes stand: springs along edges, repulsion between nodes, members of a group drawn together. What was placed before
 * is held where it is, so that a picture one has learnt to read stays readable when a node comes or goes.
 */
import {
  type Force,
  forceLink,
  forceSimulation,
  forceX,
  forceY,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force';
import { forceCollision } from './collision.ts';
import { forceRepulsion } from './repulsion.ts';

export interface LayoutGraph {
  readonly ids: readonly string[];
  /** By node, in units of the layout: one is a pixel at zoom 1. */
  readonly radii: Float32Array;
  /** By node: the number of its group, -1 for none. */
  readonly groups: Int32Array;
  /** Pairs of indexes into `ids`. */
  readonly links: Uint32Array;
  /** Much of it is not as it was: places are where to start from, and not kept. */
  readonly isNews: boolean;
}

export interface Layout {
  /** Takes a graph; nodes that were in the one before keep their places. */
  update(graph: LayoutGraph): void;
  /** One step. @returns whether there is more to do */
  step(): boolean;
  /** x and y by node, in the order of `ids`. */
  positions(): Float32Array<ArrayBuffer>;
  /** Puts a node where a person wants it, and holds it there until it is let go. */
  pin(index: number, place: { readonly x: number; readonly y: number } | undefined): void;
}

interface Body extends SimulationNodeDatum {
  readonly index: number;
  readonly id: string;
  readonly radius: number;
  readonly group: number;
  x: number;
  y: number;
  vx: number;
  vy: number;
  /** Where it stood before this graph; undefined for what is new. */
  home: { readonly x: number; readonly y: number } | undefined;
}

type Spring = SimulationLinkDatum<Body>;

/** Beyond this clusters count for more than single nodes. */
const crowd = 120;
const largeGraph = 2_000;
const alphaMin = 0.01;
/** Steps from a fresh start to rest: with many nodes, neighbours start close together and have less far to go. */
const [stepsOfSmall, stepsOfCrowd, stepsOfLarge] = [160, 130, 70];
/** How much of a fresh start's movement an update is given. */
const [updateAlpha, newsAlpha] = [0.22, 0.6];
const goldenAngle = Math.PI * (3 - Math.sqrt(5));
const spread = 34;

/** Neighbours one after the other, so that what belongs together starts close together. */
function breadthFirst(count: number, links: Uint32Array): Uint32Array {
  const neighbours: number[][] = Array.from({ length: count }, () => []);
  for (let at = 0; at < links.length; at += 2) {
    const [a = 0, b = 0] = [links[at], links[at + 1]];
    neighbours[a]?.push(b);
    neighbours[b]?.push(a);
  }
  const degree = (index: number) => neighbours[index]?.length ?? 0;
  const starts = Array.from({ length: count }, (_, index) => index).sort((a, b) => degree(b) - degree(a));
  const rank = new Uint32Array(count).fill(count);
  let next = 0;
  for (const start of starts) {
    if (rank[start] !== count) continue;
    const queue = [start];
    rank[start] = next++;
    for (let head = 0; head < queue.length; head++) {
      for (const neighbour of neighbours[queue[head] ?? 0] ?? []) {
        if (rank[neighbour] !== count) continue;
        rank[neighbour] = next++;
        queue.push(neighbour);
      }
    }
  }
  return rank;
}

const spiral = (rank: number) => {
  const [distance, angle] = [spread * Math.sqrt(rank + 0.5), rank * goldenAngle];
  return { x: distance * Math.cos(angle), y: distance * Math.sin(angle) };
};

/** Beside those of its neighbours and fellows that have a place already. */
function placeBeside(body: Body, known: readonly Body[]): void {
  const fallback = spiral(body.index);
  let [x, y] = [0, 0];
  for (const other of known) {
    x += other.x;
    y += other.y;
  }
  const jitter = 26 + 9 * Math.sqrt(body.index % 50);
  body.x = known.length === 0 ? fallback.x : x / known.length + Math.cos(body.index * goldenAngle) * jitter;
  body.y = known.length === 0 ? fallback.y : y / known.length + Math.sin(body.index * goldenAngle) * jitter;
}

/** Draws members of a group towards its middle. */
function forceGroups(): Force<Body, Spring> {
  let bodies: readonly Body[] = [];
  const force = (alpha: number) => {
    const middles = new Map<number, { x: number; y: number; count: number }>();
    for (const { group, x, y } of bodies) {
      if (group < 0) continue;
      const middle = middles.get(group) ?? { x: 0, y: 0, count: 0 };
      middles.set(group, middle);
      middle.x += x;
      middle.y += y;
      middle.count++;
    }
    for (const body of bodies) {
      const middle = middles.get(body.group);
      if (middle === undefined) continue;
      body.vx += (middle.x / middle.count - body.x) * 0.5 * alpha;
      body.vy += (middle.y / middle.count - body.y) * 0.5 * alpha;
    }
  };
  return Object.assign(force, {
    initialize: (all: Body[]) => {
      bodies = all;
    },
  });
}

function forceHome(): Force<Body, Spring> {
  let bodies: readonly Body[] = [];
  const force = (alpha: number) => {
    for (const body of bodies) {
      if (body.home === undefined) continue;
      body.vx += (body.home.x - body.x) * 0.9 * alpha;
      body.vy += (body.home.y - body.y) * 0.9 * alpha;
    }
  };
  return Object.assign(force, {
    initialize: (all: Body[]) => {
      bodies = all;
    },
  });
}

function place(bodies: readonly Body[], links: Uint32Array, before: ReadonlyMap<string, Body>): boolean {
  const rank = breadthFirst(bodies.length, links);
  const known = bodies.filter(({ id }) => before.has(id)).length;
  // A few acquaintances in a new picture are no reason to build it around them.
  const isUpdate = known * 2 >= bodies.length && known > 0;
  const neighbours = new Map<number, Body[]>();
  const note = (index: number, other: Body | undefined) => {
    if (other?.home === undefined) return;
    const list = neighbours.get(index) ?? [];
    neighbours.set(index, list);
    list.push(other);
  };
  for (const body of bodies) {
    const old = before.get(body.id);
    if (isUpdate && old !== undefined)
      Object.assign(body, { x: old.x, y: old.y, home: { x: old.x, y: old.y } });
    else Object.assign(body, spiral(rank[body.index] ?? body.index));
  }
  if (!isUpdate) return false;
  for (let at = 0; at < links.length; at += 2) {
    const [a = 0, b = 0] = [links[at], links[at + 1]];
    note(a, bodies[b]);
    note(b, bodies[a]);
  }
  for (const body of bodies) {
    if (body.home === undefined) placeBeside(body, neighbours.get(body.index) ?? []);
  }
  return true;
}

const lengthOf = ({ source, target }: Spring) => 70 + (source as Body).radius + (target as Body).radius;

function degreesOf(bodies: readonly Body[], links: Uint32Array): Uint32Array {
  const degree = new Uint32Array(bodies.length);
  for (const index of links) degree[index] = (degree[index] ?? 0) + 1;
  return degree;
}

/** How much what is held by no link is drawn to the middle, beside the others: or it would stand far off. */
const lonely = 2.4;

/** Strength by node of what keeps all of them in the picture. */
function inwards(bodies: readonly Body[], links: Uint32Array, strength: number): (body: Body) => number {
  const degree = degreesOf(bodies, links);
  return ({ index }) => (degree[index] === 0 ? strength * lonely : strength);
}

/** Nodes with many links are pulled less by each of them; links between clusters hold less than those within. */
function pullOf(bodies: readonly Body[], links: Uint32Array): (spring: Spring) => number {
  const degree = degreesOf(bodies, links);
  return ({ source, target }) => {
    const [a, b] = [source as Body, target as Body];
    const pull = 1 / Math.min(degree[a.index] ?? 1, degree[b.index] ?? 1);
    return a.group === b.group ? pull : pull * 0.3;
  };
}

export function createLayout(): Layout {
  let bodies: Body[] = [];
  const simulation = forceSimulation<Body, Spring>([]).stop().alphaMin(alphaMin).velocityDecay(0.45);

  const springs = (links: Uint32Array): Spring[] =>
    Array.from({ length: links.length / 2 }, (_, at) => ({
      source: links[at * 2] ?? 0,
      target: links[at * 2 + 1] ?? 0,
    }));

  return {
    update({ ids, radii, groups, links, isNews }) {
      const before = new Map(bodies.map((body) => [body.id, body]));
      bodies = ids.map((id, index) => ({
        ...{ index, id, radius: radii[index] ?? 8, group: groups[index] ?? -1 },
        ...{ x: 0, y: 0, vx: 0, vy: 0, home: undefined },
      }));
      const isUpdate = place(bodies, links, before);
      const [isCrowd, isLarge] = [bodies.length > crowd, bodies.length > largeGraph];
      const steps = isLarge ? stepsOfLarge : isCrowd ? stepsOfCrowd : stepsOfSmall;
      simulation
        .nodes(bodies)
        .force(
          'link',
          forceLink<Body, Spring>(springs(links)).distance(lengthOf).strength(pullOf(bodies, links)),
        )
        .force(
          'charge',
          forceRepulsion<Body>({
            strengthOf: ({ radius }) => (isCrowd ? 60 + radius * 9 : 260 + radius * 14),
            theta: isLarge ? 1.2 : 0.95,
            reach: isLarge ? 500 : 1_000,
          }),
        )
        .force(
          'collide',
          forceCollision<Body>(({ radius }) => radius + (isCrowd ? 8 : 20), isLarge ? 1 : 2),
        )
        // Screens are wider than high.
        .force('x', forceX<Body>(0).strength(inwards(bodies, links, 0.035)))
        .force('y', forceY<Body>(0).strength(inwards(bodies, links, 0.06)))
        .force('groups', forceGroups())
        .force('home', isUpdate && !isNews ? forceHome() : null)
        .alphaDecay(1 - alphaMin ** (1 / steps))
        .alpha(isUpdate ? (isNews ? newsAlpha : updateAlpha) : 1);
    },
    step() {
      if (bodies.length === 0 || simulation.alpha() < alphaMin) return false;
      simulation.tick();
      return simulation.alpha() >= alphaMin;
    },
    positions() {
      const positions = new Float32Array(bodies.length * 2);
      for (const { index, x, y } of bodies) positions.set([x, y], index * 2);
      return positions;
    },
    pin(index, at) {
      const body = bodies[index];
      if (body === undefined) return;
      body.fx = at?.x ?? null;
      body.fy = at?.y ?? null;
      if (at !== undefined) Object.assign(body, { x: at.x, y: at.y, home: at });
      simulation.alpha(Math.max(simulation.alpha(), 0.08));
    },
  };
}
