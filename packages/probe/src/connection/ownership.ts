/** Whose the ends of connections are. */
import type { Clock } from '@orchestrator/runtime/clock';
import { readLink } from '../procfs/read.ts';
import type { Flow, Flows } from './flows.ts';
import type { Listener } from './listeners.ts';
import { createOwnerFinder, pidsOf } from './owners.ts';
import type { SeenSocket } from './sockets.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Sockets whose process is looked for after one look; the next one finds the others. */
const wantedPerLook = 8_192;

/** What an owner of a socket is needed for. */
type Wanted = { readonly flow: Flow; readonly side: 'client' | 'server' } | { readonly listener: Listener };

export interface OwnershipOptions {
  readonly clock: Clock;
  readonly procRoot: string;
  readonly flows: Flows;
  readonly whereabouts: Whereabouts;
}

export function createOwnership({ clock, procRoot, flows, whereabouts }: OwnershipOptions) {
  const { listenerAt, namespaceOf } = whereabouts;
  const finder = createOwnerFinder(procRoot);

  const own = (wanted: Wanted | undefined, pid: number) => {
    if (wanted === undefined) return;
    if ('listener' in wanted) wanted.listener.pid = pid;
    else if (wanted.side === 'client') flows.ownClient(wanted.flow, pid, clock.monotonicMs());
    else wanted.flow.edge.serverPid ??= pid;
  };

  /** Who listens is known for connections that are not looked at, too: those of other namespaces, and those that are over. */
  const ownServers = (): boolean => {
    let isNews = false;
    for (const edge of flows.allEdges()) {
      const pid = listenerAt(edge.protocol, edge.server, edge.namespace)?.pid;
      if (pid === undefined || pid === edge.serverPid) continue;
      edge.serverPid = pid;
      isNews = true;
    }
    return isNews;
  };

  return {
    /** Sockets that one look has seen and whose owner is not known. */
    search(namespace: string) {
      const wanted = new Map<number, Wanted>();
      const want = (inode: number, of: Wanted) => {
        if (inode !== 0 && wanted.size < wantedPerLook) wanted.set(inode, of);
      };
      return {
        listener({ inode }: SeenSocket, listener: Listener | undefined): void {
          if (listener?.inode === inode && listener.pid === undefined) want(inode, { listener });
        },
        end({ inode }: SeenSocket, flow: Flow, side: 'client' | 'server'): void {
          const pid = side === 'client' ? flow.edge.clientPid : flow.edge.serverPid;
          if (pid === undefined) want(inode, { flow, side });
        },
        /** Among the open files of the namespace's processes. `isNews`: some were found. */
        find(): { readonly isComplete: boolean; readonly isNews: boolean } {
          if (wanted.size === 0) return { isComplete: true, isNews: false };
          let isNews = false;
          const pids = pidsOf(procRoot, namespace);
          const isComplete = finder.find(pids, new Set(wanted.keys()), (inode, pid) => {
            own(wanted.get(inode), pid);
            isNews = true;
          });
          if (isNews) ownServers();
          return { isComplete, isNews };
        },
      };
    },

    /**
     * New edges get the process of their server, where it is known. A server that was started again has another process; its
     * namespace may have no other news, so `ask` is to look there. @returns whether an edge has changed
     */
    checkServers(ask: (namespace: string) => void): boolean {
      const gone = new Map<number, boolean>();
      const isGone = (pid: number) => {
        const known = gone.get(pid) ?? readLink(`${procRoot}/${pid}/ns/net`) === undefined;
        gone.set(pid, known);
        return known;
      };
      for (const edge of flows.allEdges()) {
        if (edge.serverPid === undefined || !isGone(edge.serverPid)) continue;
        edge.serverPid = undefined;
        const listener = listenerAt(edge.protocol, edge.server, edge.namespace);
        if (listener !== undefined) listener.pid = undefined;
        const namespace = namespaceOf(edge.server.ip, edge.namespace);
        if (namespace !== undefined) ask(namespace);
      }
      return ownServers();
    },
  };
}
