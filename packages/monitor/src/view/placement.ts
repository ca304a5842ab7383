import type { Report } from '@orchestrator/report';
import type { ViewDefinition } from './definitions.ts';
import { type Neighbourhood, parseEndpoint } from './endpoint.ts';
import type { Placement } from './flow.ts';
import { type Addresses, ancestorsOf, nodeOf, textOf } from './lineage.ts';

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

export interface Surroundings {
  readonly addresses: Addresses;
  readonly neighbourhood: Neighbourhood;
}

/**
 * Where ends of connections are found in a view: in a node of it, else in the rest of their host, else, if their address is
 * not local, in the internet. Ends of which only a local address is known are in none.
 */
export function placementOf(report: Report, view: ViewDefinition, surroundings: Surroundings): Placement {
  const { addresses, neighbourhood } = surroundings;
  const nowhere: readonly string[] = [];
  const known = new Map<string, readonly string[]>();

  const inView = (topology: string, id: string): readonly string[] => {
    for (const wanted of view.topologies) {
      const found = ancestorsOf(report, addresses, topology, id, wanted);
      if (found.length > 0) return found;
    }
    if (view.rest === undefined) return nowhere;
    const [host] = ancestorsOf(report, addresses, topology, id, 'host');
    if (host === undefined) return nowhere;
    return [
      restId(view.rest, textOf(nodeOf(report, 'host', host), 'host_name') || (host.split(';', 1)[0] ?? host)),
    ];
  };

  return (topology, id, opens) => {
    const key = `${topology} ${id}`;
    let found = known.get(key);
    if (found === undefined) {
      found = inView(topology, id);
      known.set(key, found);
    }
    if (found.length > 0 || topology !== 'endpoint') return found;
    const endpoint = parseEndpoint(id);
    if (endpoint === undefined || endpoint.scope !== '' || neighbourhood.isLocal(endpoint.ip)) return nowhere;
    return [opens ? inboundInternet : outboundInternet];
  };
}
