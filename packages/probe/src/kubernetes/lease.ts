/** One probe of a cluster is elected by a Lease, so that the cluster is watched once, however many nodes it has. */
import type { Logger } from '@orchestrator/runtime';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import type { JsonClient } from '../http/json-client.ts';
import { type Json, numberOf, objectOf, textOf } from '../json/read.ts';

export interface ElectionOptions {
  readonly client: JsonClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique among the probes. */
  readonly identity: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Watches as long as the signal does not abort. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Default 15 s; renewed each third of it. */
  readonly leaseMs?: number;
}

interface Held {
  readonly holder: string;
  readonly renewed: string;
  readonly leaseMs: number;
  readonly json: Json;
}

function heldBy(json: unknown): Held {
  const root = objectOf(json);
  const spec = objectOf(root.spec);
  return {
    holder: textOf(spec.holderIdentity),
    renewed: textOf(spec.renewTime),
    leaseMs: numberOf(spec.leaseDurationSeconds) * 1000,
    json: root,
  };
}

const hasCode = (error: unknown, code: string) =>
  error instanceof Error && Reflect.get(error, 'code') === code;

/**
 * Takes part in the election until `signal` aborts. Whether a lease has run out is told by our own clock, from when its last
 * renewal was seen: the holder's clock may be wrong. Who cannot renew stops before others may begin.
 */
export async function takePart(options: ElectionOptions): Promise<void> {
  const { client, namespace, name, identity, clock, logger, signal, lead, leaseMs = 15_000 } = options;
  const folder = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${folder}/${name}`;
  let seen = { renewed: '', atMs: clock.monotonicMs() };
  let leading: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  let renewedMs = 0;

  const spec = (before?: Json) => ({
    ...before,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    renewTime: microTime(clock),
    ...(before?.holderIdentity === identity ? {} : { acquireTime: microTime(clock) }),
  });

  /** True if the lease is ours now. */
  const attempt = async (): Promise<boolean> => {
    let held: Held;
    try {
      held = heldBy(await client.json(path));
    } catch (error) {
      if (!hasCode(error, 'not-found')) throw error;
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace },
        spec: spec(),
      };
      await client.json(folder, { method: 'POST', body });
      return true;
    }
    if (held.renewed !== seen.renewed) seen = { renewed: held.renewed, atMs: clock.monotonicMs() };
    const isOver = held.holder === '' || clock.monotonicMs() - seen.atMs > held.leaseMs;
    if (held.holder !== identity && !isOver) return false;
    await client.json(path, { method: 'PUT', body: { ...held.json, spec: spec(objectOf(held.json.spec)) } });
    return true;
  };

  const step = async (): Promise<void> => {
    let isOurs = false;
    try {
      isOurs = await attempt();
      if (isOurs) renewedMs = clock.monotonicMs();
    } catch (error) {
      // A conflict: another one was faster. All else: it may still be ours.
      const mayBeOurs = leading !== undefined && !hasCode(error, 'conflict');
      isOurs = mayBeOurs && clock.monotonicMs() - renewedMs < (leaseMs * 2) / 3;
      if (!hasCode(error, 'conflict')) logger.debug('the lease could not be renewed', { error });
    }
    if (isOurs && leading === undefined) {
      logger.info('this probe watches the cluster', { lease: `${namespace}/${name}` });
      const abort = new AbortController();
      leading = { abort, done: lead(abort.signal) };
    }
    if (!isOurs && leading !== undefined) {
      logger.info('another probe watches the cluster', { lease: `${namespace}/${name}` });
      const { abort, done } = leading;
      leading = undefined;
      abort.abort();
      await done;
    }
  };

  while (!signal.aborted) {
    await step();
    await sleep(clock, leaseMs / 3, signal).catch(() => undefined); // ends the loop
  }
  if (leading === undefined) return;
  leading.abort.abort();
  await leading.done;
  await release(client, path, identity).catch((error: unknown) =>
    logger.debug('the lease could not be given up', { error }),
  );
}

/** So that another one need not wait until it has run out. */
async function release(client: JsonClient, path: string, identity: string): Promise<void> {
  const { holder, json } = heldBy(await client.json(path));
  if (holder !== identity) return;
  const spec = { ...objectOf(json.spec), holderIdentity: '' };
  await client.json(path, { method: 'PUT', body: { ...json, spec } });
}

/** Leases have microseconds. */
const microTime = (clock: Clock) => new Date(clock.nowMs()).toISOString().replace('Z', '000Z');
