/** When a cluster can be used: a master leads, and all agents are registered with it. */
import {
  createHostListDetector,
  createMasterClient,
  type Leader,
  MesosError,
  master,
} from '@orchestrator/mesos';
import { type Clock, sleep } from '@orchestrator/runtime';

const askEveryMs = 100;

export interface Readiness {
  readonly leader: Leader;
  readonly agents: number;
}

export interface ReadinessOptions {
  readonly masters: readonly string[];
  /** How many have to be there. */
  readonly agents: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Resolves when it is so. Rejects with the reason of the signal. */
export async function awaitReady({ masters, agents, clock, signal }: ReadinessOptions): Promise<Readiness> {
  const detector = createHostListDetector({ masters, intervalMs: askEveryMs });
  const client = createMasterClient({ detector });
  for (;;) {
    const leader = await detector.detect(undefined, signal);
    const active = leader === undefined ? 0 : await activeAgents(client, signal);
    if (leader !== undefined && active >= agents) return { leader, agents: active };
    await sleep(clock, askEveryMs, signal);
  }
}

async function activeAgents(
  client: ReturnType<typeof createMasterClient>,
  signal: AbortSignal,
): Promise<number> {
  try {
    const answer = await client.call({ type: master.Call_Type.GET_AGENTS }, signal);
    return (answer?.getAgents?.agents ?? []).filter(({ active }) => active).length;
  } catch (error) {
    // It has not read the registry yet, or has stopped leading since.
    if (error instanceof MesosError && error.retryable) return -1;
    throw error;
  }
}
