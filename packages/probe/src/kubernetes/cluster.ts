/** All objects of a cluster, written on the board as they change. */
import type { Board } from '../board/board.ts';
import type { Json } from '../json/read.ts';
import { describeObject, kubeNodeId, type Relations, topologyOf } from './describe.ts';
import { type Kind, type KubeObject, parseObject } from './objects.ts';

export interface Cluster {
  listed(kind: Kind, objects: readonly Json[]): void;
  changed(kind: Kind, object: Json): void;
  deleted(kind: Kind, object: Json): void;
  /** By the id of its node. */
  find(kind: Kind, nodeId: string): KubeObject | undefined;
  /** Nothing is known any more, and nothing is shown. */
  clear(): void;
}

/** Objects of one kind at most; a cluster of 5,000 nodes has 150,000 pods. */
const objectLimit = 200_000;

/** `ownHost`: the node of the probe's own host, of which others tell as well. */
export function createCluster(board: Board, controls: boolean, ownHost: string): Cluster {
  const objects = new Map<Kind, Map<string, KubeObject>>();
  const servicesByNamespace = new Map<string, KubeObject[]>();

  const ofKind = (kind: Kind) => {
    const known = objects.get(kind);
    if (known !== undefined) return known;
    const fresh = new Map<string, KubeObject>();
    objects.set(kind, fresh);
    return fresh;
  };

  const relations: Relations = {
    ownersOf: (uid) => ofKind('replica_set').get(uid)?.owners ?? [],
    servicesIn: (namespace) => servicesByNamespace.get(namespace) ?? [],
  };

  const write = (kind: Kind, object: KubeObject) => {
    const topology = topologyOf(kind);
    if (topology === undefined) return;
    board.see(topology, kubeNodeId(kind, object), describeObject(kind, object, relations, controls), 'now');
  };

  const remove = (topology: string, id: string) => {
    // The host is there for certain; only what Kubernetes said of it is over.
    if (id === ownHost) board.see(topology, id, { latest: {} }, 'now');
    else board.remove(topology, id, 'now');
  };

  const keepOnly = (topology: string, ids: ReadonlySet<string>) => {
    for (const id of board.report.topologies.get(topology)?.nodes.keys() ?? [])
      if (!ids.has(id)) remove(topology, id);
  };

  /** Which service and which controller a pod belongs to depends on these. */
  const related = (kind: Kind, isConcerned: (pod: KubeObject) => boolean) => {
    if (kind === 'service') {
      servicesByNamespace.clear();
      for (const service of ofKind('service').values()) {
        const others = servicesByNamespace.get(service.namespace) ?? [];
        others.push(service);
        servicesByNamespace.set(service.namespace, others);
      }
    }
    if (kind !== 'service' && kind !== 'replica_set') return;
    for (const pod of ofKind('pod').values()) if (isConcerned(pod)) write('pod', pod);
  };

  const isConcernedBy = (kind: Kind, object: KubeObject) => (pod: KubeObject) =>
    kind === 'service'
      ? pod.namespace === object.namespace
      : pod.owners.some(({ uid }) => uid === object.uid);

  return {
    listed(kind, all) {
      const known = ofKind(kind);
      known.clear();
      for (const json of all.slice(0, objectLimit)) {
        const object = parseObject(kind, json);
        if (object !== undefined) known.set(object.uid, object);
      }
      for (const object of known.values()) write(kind, object);
      const topology = topologyOf(kind);
      const ids = new Set([...known.values()].map((object) => kubeNodeId(kind, object)));
      if (topology !== undefined) keepOnly(topology, ids);
      related(kind, () => true);
    },
    changed(kind, json) {
      const object = parseObject(kind, json);
      const known = ofKind(kind);
      if (object === undefined || (known.size >= objectLimit && !known.has(object.uid))) return;
      known.set(object.uid, object);
      write(kind, object);
      related(kind, isConcernedBy(kind, object));
    },
    deleted(kind, json) {
      const object = parseObject(kind, json);
      if (object === undefined) return;
      ofKind(kind).delete(object.uid);
      const topology = topologyOf(kind);
      if (topology !== undefined) remove(topology, kubeNodeId(kind, object));
      related(kind, isConcernedBy(kind, object));
    },
    find(kind, nodeId) {
      const uid = nodeId.split(';', 1)[0] ?? '';
      return ofKind(kind).get(uid);
    },
    clear() {
      objects.clear();
      servicesByNamespace.clear();
      for (const topology of board.report.topologies.keys()) keepOnly(topology, new Set());
    },
  };
}
