/** DRAIN_AGENT, DEACTIVATE_AGENT, REACTIVATE_AGENT, MARK_AGENT_GONE. */
import {
  DrainConfigSchema,
  DrainInfoSchema,
  DrainState,
  makeMessage,
  type master,
} from '@orchestrator/mesos';
import { markGone } from '../absence.ts';
import type { Answer } from '../actions.ts';
import { refreshActive } from '../agents.ts';
import { type MasterContext, write } from '../context.ts';
import { maybeDrained, tellToDrain } from '../drain.ts';

export type Reply = (answer: Answer) => void;

const done: Answer = { status: 200 };
const unknown: Answer = { status: 400, message: 'Unknown agent' };

/** Registered, or away but not given up for good. */
function isKnown(context: MasterContext, agentId: string): boolean {
  const { agents, unreachableAgents, recoveredAgents } = context.state;
  return agents.has(agentId) || unreachableAgents.has(agentId) || recoveredAgents.has(agentId);
}

const isGoing = (context: MasterContext, agentId: string) =>
  context.state.transitions.get(agentId) === 'marking-gone';

const going: Answer = { status: 409, message: 'Agent is currently being marked gone' };

/** Why nothing can be done with an agent. */
function refusalOf(context: MasterContext, agentId: string): Answer | undefined {
  if (!isKnown(context, agentId)) return unknown;
  return isGoing(context, agentId) ? going : undefined;
}

export function drainAgent(context: MasterContext, call: master.Call_DrainAgentValid, reply: Reply): void {
  const agentId = call.agentId.value;
  const refusal = refusalOf(context, agentId);
  if (refusal !== undefined) {
    reply(refusal);
    return;
  }
  const { maxGracePeriod, markGone: thenGone } = call;
  const config = makeMessage(DrainConfigSchema, {
    markGone: thenGone,
    ...(maxGracePeriod === undefined
      ? {}
      : {
          maxGracePeriod: {
            nanoseconds: maxGracePeriod.seconds * 1_000_000_000n + BigInt(maxGracePeriod.nanos),
          },
        }),
  });
  write(context, { type: 'drain-agent', agentId, config }, () => {
    const agent = context.state.agents.get(agentId);
    if (agent !== undefined) {
      agent.drainInfo = makeMessage(DrainInfoSchema, { state: DrainState.DRAINING, config });
      agent.drainStartedAtMs = context.nowMs;
      agent.deactivated = true;
      refreshActive(context, agent);
      tellToDrain(context, agent);
      maybeDrained(context, agent);
    }
    reply(done);
  });
}

export function deactivateAgent(context: MasterContext, agentId: string, reply: Reply): void {
  const refusal = refusalOf(context, agentId);
  if (refusal !== undefined) {
    reply(refusal);
    return;
  }
  write(context, { type: 'deactivate-agent', agentId }, () => {
    const agent = context.state.agents.get(agentId);
    if (agent !== undefined) {
      agent.deactivated = true;
      refreshActive(context, agent);
    }
    reply(done);
  });
}

export function reactivateAgent(context: MasterContext, agentId: string, reply: Reply): void {
  const { admitted, unreachable } = context.registry();
  const marks = admitted.get(agentId) ?? unreachable.get(agentId);
  if (marks?.deactivated !== true) {
    reply({ status: 400, message: 'Agent is not deactivated' });
    return;
  }
  if (marks.drainInfo?.state === DrainState.DRAINING) {
    reply({ status: 400, message: 'Agent is still in the DRAINING state' });
    return;
  }
  write(context, { type: 'reactivate-agent', agentId }, () => {
    const agent = context.state.agents.get(agentId);
    if (agent !== undefined) {
      agent.deactivated = false;
      agent.drainInfo = undefined;
      agent.drainStartedAtMs = undefined;
      refreshActive(context, agent);
    }
    reply(done);
  });
}

export function markAgentGone(context: MasterContext, agentId: string, reply: Reply): void {
  const { goneAgents, transitions } = context.state;
  if (goneAgents.has(agentId)) {
    reply(done);
    return;
  }
  if (!isKnown(context, agentId)) {
    reply({ status: 404, message: `Agent '${agentId}' not found` });
    return;
  }
  if (transitions.has(agentId)) {
    reply({ status: 503, message: `Agent '${agentId}' is changing its state; try again` });
    return;
  }
  markGone(context, agentId, (outcome) =>
    reply(outcome === 'done' ? done : { status: 404, message: `Agent '${agentId}' not found` }),
  );
}
