import { Offer_Operation_Type as operation } from '@orchestrator/mesos';
import type { Answer } from '../actions.ts';
import type { MasterContext } from '../context.ts';
import type { OperatorWrite } from '../events.ts';
import { removeFramework } from '../frameworks.ts';
import { deactivateAgent, drainAgent, markAgentGone, type Reply, reactivateAgent } from './agents.ts';
import { startMaintenance, stopMaintenance, updateSchedule } from './maintenance.ts';
import { removeQuota, setQuota, updateQuota, updateWeights } from './policy.ts';
import { operateOnResources } from './resources.ts';

function teardown(context: MasterContext, frameworkId: string, reply: Reply): void {
  const framework = context.state.frameworks.get(frameworkId);
  if (framework === undefined) {
    reply({ status: 400, message: 'No framework found with specified ID' });
    return;
  }
  removeFramework(context, framework, 'an operator tore it down');
  reply({ status: 200 });
}

/** Carries out what an operator asks for; the answer comes at once, or when it is stored. */
export function handleWrite(
  context: MasterContext,
  write: OperatorWrite,
  principal: string | undefined,
  reply: (answer: Answer) => void,
): void {
  const operate = (agentId: string | undefined, init: Parameters<typeof operateOnResources>[2]) =>
    operateOnResources(context, agentId ?? '', init, principal, reply);
  switch (write.type) {
    case 'teardown':
      teardown(context, write.frameworkId, reply);
      return;
    case 'mark-gone':
      markAgentGone(context, write.agentId, reply);
      return;
    case 'drain':
      drainAgent(context, write.call, reply);
      return;
    case 'deactivate':
      deactivateAgent(context, write.agentId, reply);
      return;
    case 'reactivate':
      reactivateAgent(context, write.agentId, reply);
      return;
    case 'update-weights':
      updateWeights(context, write.call.weightInfos, reply);
      return;
    case 'update-quota':
      updateQuota(context, write.call, reply);
      return;
    case 'set-quota':
      setQuota(context, write.call.quotaRequest, reply);
      return;
    case 'remove-quota':
      removeQuota(context, write.role, write.path, reply);
      return;
    case 'update-schedule':
      updateSchedule(context, write.call.schedule, reply);
      return;
    case 'start-maintenance':
      startMaintenance(context, write.call.machines, reply);
      return;
    case 'stop-maintenance':
      stopMaintenance(context, write.call.machines, reply);
      return;
    case 'reserve': {
      const { agentId, resources, source } = write.call;
      operate(agentId.value, { type: operation.RESERVE, reserve: { resources, source } });
      return;
    }
    case 'unreserve': {
      const { agentId, resources } = write.call;
      operate(agentId.value, { type: operation.UNRESERVE, unreserve: { resources } });
      return;
    }
    case 'create-volumes': {
      const { agentId, volumes } = write.call;
      operate(agentId.value, { type: operation.CREATE, create: { volumes } });
      return;
    }
    case 'destroy-volumes': {
      const { agentId, volumes } = write.call;
      operate(agentId.value, { type: operation.DESTROY, destroy: { volumes } });
      return;
    }
    case 'grow-volume': {
      const { agentId, volume, addition } = write.call;
      operate(agentId?.value, { type: operation.GROW_VOLUME, growVolume: { volume, addition } });
      return;
    }
    case 'shrink-volume': {
      const { agentId, volume, subtract } = write.call;
      operate(agentId?.value, { type: operation.SHRINK_VOLUME, shrinkVolume: { volume, subtract } });
      return;
    }
  }
}
