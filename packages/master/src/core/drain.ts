/** Draining: no offers, every task is asked to end, and when the last is acknowledged the agent is drained. */
import { DrainInfoSchema, DrainState, internal, makeMessage } from '@orchestrator/mesos';
import { markGone } from './absence.ts';
import { log, type MasterContext, toAgent, write } from './context.ts';
import type { AgentRecord } from './records.ts';

export function tellToDrain(context: MasterContext, agent: AgentRecord): void {
  const config = agent.drainInfo?.config;
  if (config === undefined || agent.drainInfo?.state !== DrainState.DRAINING || !agent.connected) return;
  toAgent(context, agent.pid, 'DrainSlaveMessage', makeMessage(internal.DrainSlaveMessageSchema, { config }));
}

/** To be asked whenever something on an agent has ended. */
export function maybeDrained(context: MasterContext, agent: AgentRecord): void {
  const { drainInfo } = agent;
  if (drainInfo?.state !== DrainState.DRAINING || context.state.transitions.has(agent.id)) return;
  if (agent.tasks.size > 0 || agent.operations.size > 0) return;
  write(context, { type: 'mark-drained', agentId: agent.id }, (outcome) => {
    if ('refusal' in outcome || context.state.agents.get(agent.id) !== agent) return;
    const { config } = drainInfo;
    agent.drainInfo = makeMessage(DrainInfoSchema, { state: DrainState.DRAINED, config });
    log(context, 'info', 'agent is drained', { agentId: agent.id });
    if (config.markGone) markGone(context, agent.id, () => undefined);
  });
}
