import type { Report, ReportNode } from '@orchestrator/report';
import type { ReportChanges } from '../collect/change-log.ts';
import type { ViewDefinition } from './definitions.ts';
import { parseEndpoint } from './endpoint.ts';
import type { Ends, Placement } from './flow.ts';
import { ancestorsOf, nodeOf, processIdOf, textOf } from './lineage.ts';
import type { Surroundings } from './surroundings.ts';

/** A node of a view that stands for something of which no probe tells. */
export interface PseudoNode {
  readonly label: string;
  readonly labelMinor: string;
  readonly rank: string;
  readonly shape: 'cloud' | 'square';
  readonly stack: boolean;
}

export const inboundInternet = 'in-theinternet';
export const outboundInternet = 'out-theinternet';
const restPrefix = 'pseudo:';

export const isInternet = (id: string): boolean => id === inboundInternet || id === outboundInternet;
export const isPseudoId = (id: string): boolean => isInternet(id) || id.startsWith(restPrefix);

const internet = (id: string, direction: string): PseudoNode => ({
  ...{
    label: 'The Internet',
    labelMinor: `${direction} connections`,
    rank: id,
    shape: 'cloud',
    stack: false,
  },
});

/** `pseudo:uncontained:HOST`: all that is on a host and not in one of the view's nodes. */
const restId = (rest: string, host: string) => `${restPrefix}${rest.toLowerCase()}:${host}`;

export function pseudoNodeOf(id: string, view: ViewDefinition): PseudoNode | undefined {
  if (id === inboundInternet) return internet(id, 'Inbound');
  if (id === outboundInternet) return internet(id, 'Outbound');
  const prefix = restId(view.rest ?? '', '');
  if (view.rest === undefined || !id.startsWith(prefix)) return undefined;
  const host = id.slice(prefix.length);
  return {
    ...{
      label: view.rest,
      labelMinor: host,
      rank: id.slice(restPrefix.length),
      shape: 'square',
      stack: true,
    },
  };
}

/** Where a node was found, and what that depended on. */
interface Place {
  readonly latest: ReportNode['latest'] | undefined;
  readonly parents: ReportNode['parents'] | undefined;
  readonly process: string | undefined;
  readonly processParents: ReportNode['parents'] | undefined;
  readonly ids: readonly string[];
}

/** Places of one view from rendering to rendering. */
export interface KnownPlaces {
  epoch: object | undefined;
  readonly places: Map<string, Map<string, Place>>;
  /** Ends of connections by the process they belong to, which may come and go. */
  readonly byProcess: Map<string, Set<string>>;
}

export const noPlaces = (): KnownPlaces => ({ epoch: undefined, places: new Map(), byProcess: new Map() });

/** Ends of connections that may be somewhere else now; other than by these they move with the epoch. */
export function* movedEnds(changes: ReportChanges, known: KnownPlaces): Ends {
  for (const [topology, ids] of changes) for (const id of ids) yield [topology, id];
  for (const process of changes.get('process') ?? []) {
    for (const id of known.byProcess.get(process) ?? []) yield ['endpoint', id];
  }
}

/** Places of one topology; ends of connections that are gone for long are forgotten with all others. */
const maxKnownPlaces = 500_000;

const nowhere: readonly string[] = [];

function find(
  report: Report,
  view: ViewDefinition,
  addresses: Surroundings['addresses'],
  topology: string,
  id: string,
): readonly string[] {
  for (const wanted of view.topologies) {
    const found = ancestorsOf(report, addresses, topology, id, wanted);
    if (found.length > 0) return found;
  }
  if (view.rest === undefined) return nowhere;
  const [host] = ancestorsOf(report, addresses, topology, id, 'host');
  if (host === undefined) return nowhere;
  const name = textOf(nodeOf(report, 'host', host), 'host_name') || (host.split(';', 1)[0] ?? host);
  return [restId(view.rest, name)];
}

function placesIn(known: KnownPlaces, topology: string): Map<string, Place> {
  let places = known.places.get(topology);
  if (places === undefined || places.size > maxKnownPlaces) {
    places = new Map();
    known.places.set(topology, places);
    if (topology === 'endpoint') known.byProcess.clear();
  }
  return places;
}

/**
 * Where ends of connections are found in a view: in a node of it, else in the rest of their host, else, if their address is
 * not local, in the internet. Ends of which only a local address is known are in none. `known` is filled, and used as long
 * as it holds.
 */
export function placementOf(
  report: Report,
  view: ViewDefinition,
  surroundings: Surroundings,
  known: KnownPlaces = noPlaces(),
): Placement {
  const { addresses, neighbourhood, epoch } = surroundings;
  if (known.epoch !== epoch) {
    known.places.clear();
    known.byProcess.clear();
  }
  known.epoch = epoch;

  const placed = (topology: string, id: string): readonly string[] => {
    const places = placesIn(known, topology);
    const node = nodeOf(report, topology, id);
    const place = places.get(id);
    if (place !== undefined && place.latest === node?.latest && place.parents === node?.parents) {
      const { process, processParents } = place;
      const stands = process === undefined || nodeOf(report, 'process', process)?.parents === processParents;
      if (stands) return place.ids;
    }
    const process = topology === 'endpoint' && node !== undefined ? processIdOf(node) : undefined;
    if (process !== undefined) {
      const ends = known.byProcess.get(process);
      if (ends === undefined) known.byProcess.set(process, new Set([id]));
      else ends.add(id);
    }
    places.set(id, {
      ...{ latest: node?.latest, parents: node?.parents, process },
      processParents: process === undefined ? undefined : nodeOf(report, 'process', process)?.parents,
      ids: find(report, view, addresses, topology, id),
    });
    return places.get(id)?.ids ?? nowhere;
  };

  return (topology, id, opens) => {
    const found = placed(topology, id);
    if (found.length > 0 || topology !== 'endpoint') return found;
    const endpoint = parseEndpoint(id);
    if (endpoint === undefined || endpoint.scope !== '' || neighbourhood.isLocal(endpoint.ip)) return nowhere;
    return [opens ? inboundInternet : outboundInternet];
  };
}
