/** What this instance shares with the others: its own probes, each at each of them. */
import { credentials as grpc } from '@grpc/grpc-js';
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Store } from '@orchestrator/store';
import type { Collector, ProbeIdentity } from '../collect/collector.ts';
import type { Pipes } from '../control/pipes.ts';
import type { Switchboard } from '../control/switchboard.ts';
import { type Instance, type Instances, joinInstances } from './instances.ts';
import { createRelay, type Relay } from './relay.ts';

export interface Sharing {
  /** A probe has come to this instance, itself. */
  joined(probe: ProbeIdentity): void;
  left(probeId: string): void;
  /** Whether a probe is here itself: others need not tell of it. */
  isOwn(probeId: string): boolean;
  /** Once it is known where this instance answers. */
  start(address: string): void;
  /** Ids of the other instances. */
  others(): readonly Instance[];
  close(): Promise<void>;
}

export interface SharingOptions {
  readonly store: Store;
  readonly instanceId: string;
  readonly token: string;
  /** PEM of the authorities of the instances' certificates; undefined: without TLS. */
  readonly ca?: Buffer;
  readonly collector: Collector;
  readonly switchboard: Switchboard;
  readonly pipes: Pipes;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Instances beyond these are not told anything. */
const maxInstances = 16;

export function createSharing(options: SharingOptions): Sharing {
  const { store, instanceId, collector, clock, logger, ca } = options;
  const credentials = ca === undefined ? grpc.createInsecure() : grpc.createSsl(ca);
  const own = new Map<string, { readonly probe: ProbeIdentity; streams: number }>();
  const relays = new Map<string, Map<string, Relay>>();
  let others: readonly Instance[] = [];
  let instances: Instances | undefined;

  const relayTo = ({ address }: Instance, probe: ProbeIdentity): Relay =>
    createRelay({
      ...options,
      ...{ address, credentials, probe },
      fullReport: () => collector.reportOf(probe.id),
    });

  const drop = (instance: string, probeId?: string) => {
    const ofInstance = relays.get(instance);
    for (const [id, relay] of ofInstance ?? []) {
      if (probeId !== undefined && id !== probeId) continue;
      relay.close();
      ofInstance?.delete(id);
    }
  };

  const bringInLine = () => {
    for (const id of relays.keys()) {
      if (others.some((other) => other.id === id)) continue;
      drop(id);
      relays.delete(id);
    }
    for (const other of others) {
      const ofInstance = relays.get(other.id) ?? new Map<string, Relay>();
      relays.set(other.id, ofInstance);
      for (const [id, { probe }] of own) if (!ofInstance.has(id)) ofInstance.set(id, relayTo(other, probe));
    }
  };

  const unsubscribe = collector.onFrame((frame) => {
    if (!own.has(frame.probeId)) return;
    for (const ofInstance of relays.values()) ofInstance.get(frame.probeId)?.tell(frame);
  });

  return {
    joined(probe) {
      const known = own.get(probe.id);
      own.set(probe.id, { probe, streams: (known?.streams ?? 0) + 1 });
      bringInLine();
    },
    left(probeId) {
      const known = own.get(probeId);
      if (known === undefined || --known.streams > 0) return;
      own.delete(probeId);
      for (const instance of relays.keys()) drop(instance, probeId);
    },
    isOwn: (probeId) => own.has(probeId),
    others: () => others,
    start(address) {
      instances = joinInstances({
        ...{ store, clock, logger, self: { id: instanceId, address } },
        onChange: (found) => {
          if (found.length > maxInstances)
            logger.warn('too many instances share one store', { found: found.length });
          others = found.slice(0, maxInstances);
          logger.info('instances of the monitor', { others: others.map((each) => each.address) });
          bringInLine();
        },
      });
    },
    async close() {
      unsubscribe();
      await instances?.close();
      for (const instance of relays.keys()) drop(instance);
      await store.close();
    },
  };
}
