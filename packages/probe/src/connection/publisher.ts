import type { Timer } from '@orchestrator/runtime/clock';
import { hostNodeId } from '../host/facts.ts';
import type { SourceContext } from '../source.ts';
import { endpointNodes } from './endpoints.ts';
import type { Flows } from './flows.ts';
import type { Networks } from './networks.ts';

/** What is new waits this long for more of its kind, */
const gatherMs = 50;
/** and this many times as long as telling took the last time, so that very many edges do not take a processor. */
const gatherShare = 20;
/** A limit that keeps something out is told on the host's node for this long, and logged once in this time. */
const limitToldMs = 60_000;
const limitLoggedEveryMs = 600_000;

export interface PublisherOptions {
  readonly flows: Flows;
  readonly networks: () => Networks;
}

/** Writes edges to the board: new ones soon, and each again when it has changed or is to be dropped. */
export function createPublisher(context: SourceContext, { flows, networks }: PublisherOptions) {
  const { board, clock, host, places } = context;
  const tellLimits = limitTeller(context, flows);
  let gathering: Timer | undefined;
  let dropping: Timer | undefined;
  let tookMs = 0;

  const publish = () => {
    const nowMs = clock.monotonicMs();
    const nodes = endpointNodes({ host, networks: networks(), places }, flows.edges(nowMs));
    for (const [id, sighting] of nodes) board.see('endpoint', id, sighting, 'now');
    board.keepOnly('endpoint', (id) => nodes.has(id), 'now');
    tellLimits(nowMs);
    tookMs = clock.monotonicMs() - nowMs;
    const dropMs = flows.nextDropMs();
    dropping?.cancel();
    dropping = dropMs === undefined ? undefined : clock.after(Math.max(pauseMs(), dropMs - nowMs), publish);
  };

  const pauseMs = () => Math.max(gatherMs, tookMs * gatherShare);

  return {
    publish,
    gather() {
      gathering ??= clock.after(pauseMs(), () => {
        gathering = undefined;
        publish();
      });
    },
    stop() {
      gathering?.cancel();
      dropping?.cancel();
    },
  };
}

function limitTeller({ board, logger, host }: SourceContext, flows: Flows): (nowMs: number) => void {
  let boundMs: number | undefined;
  let loggedMs = Number.NEGATIVE_INFINITY;
  const tell = (text: string | undefined) =>
    board.see('host', hostNodeId(host), { latest: { connections_left_out: text } });

  return (nowMs) => {
    const { connections, edges } = flows.takeLeftOut();
    if (connections + edges === 0) {
      if (boundMs === undefined || nowMs - boundMs < limitToldMs) return;
      boundMs = undefined;
      tell(undefined);
      return;
    }
    boundMs = nowMs;
    const { connectionLimit, edgeLimit } = flows.limits;
    const which = edges > 0 ? `${edgeLimit} edges` : `${connectionLimit} connections`;
    tell(`all beyond ${which}`);
    if (nowMs - loggedMs < limitLoggedEveryMs) return;
    loggedMs = nowMs;
    logger.warn('there are more connections than are followed', {
      ...{ limit: which, connectionsLeftOut: connections + edges },
      remedy:
        edges > 0
          ? 'edges are between one client address and one server port; there is no setting for more of them'
          : 'raise sources.connection.limit',
    });
  };
}
