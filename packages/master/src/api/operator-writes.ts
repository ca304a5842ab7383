/** Writes of the operator API: what a call asks for, and whether its sender may. */
import { type AclAction, type Acls, master } from '@orchestrator/mesos';
import type { OperatorWrite } from '../core/events.ts';

const { Call_Type: type } = master;

/** Names of the bodies that calls cannot do without. */
export const callBodies: Partial<
  Record<master.Call_Type, readonly [field: keyof master.CallValid, name: string]>
> = {
  [type.GET_METRICS]: ['getMetrics', 'get_metrics'],
  [type.SET_LOGGING_LEVEL]: ['setLoggingLevel', 'set_logging_level'],
  [type.LIST_FILES]: ['listFiles', 'list_files'],
  [type.READ_FILE]: ['readFile', 'read_file'],
  [type.UPDATE_WEIGHTS]: ['updateWeights', 'update_weights'],
  [type.RESERVE_RESOURCES]: ['reserveResources', 'reserve_resources'],
  [type.UNRESERVE_RESOURCES]: ['unreserveResources', 'unreserve_resources'],
  [type.CREATE_VOLUMES]: ['createVolumes', 'create_volumes'],
  [type.DESTROY_VOLUMES]: ['destroyVolumes', 'destroy_volumes'],
  [type.GROW_VOLUME]: ['growVolume', 'grow_volume'],
  [type.SHRINK_VOLUME]: ['shrinkVolume', 'shrink_volume'],
  [type.UPDATE_MAINTENANCE_SCHEDULE]: ['updateMaintenanceSchedule', 'update_maintenance_schedule'],
  [type.START_MAINTENANCE]: ['startMaintenance', 'start_maintenance'],
  [type.STOP_MAINTENANCE]: ['stopMaintenance', 'stop_maintenance'],
  [type.DRAIN_AGENT]: ['drainAgent', 'drain_agent'],
  [type.DEACTIVATE_AGENT]: ['deactivateAgent', 'deactivate_agent'],
  [type.REACTIVATE_AGENT]: ['reactivateAgent', 'reactivate_agent'],
  [type.UPDATE_QUOTA]: ['updateQuota', 'update_quota'],
  [type.SET_QUOTA]: ['setQuota', 'set_quota'],
  [type.REMOVE_QUOTA]: ['removeQuota', 'remove_quota'],
  [type.TEARDOWN]: ['teardown', 'teardown'],
  [type.MARK_AGENT_GONE]: ['markAgentGone', 'mark_agent_gone'],
};

/** The write that a call asks for; undefined for calls that read. */
export function writeOf(call: master.CallValid): OperatorWrite | undefined {
  if (call.teardown) return { type: 'teardown', frameworkId: call.teardown.frameworkId.value };
  if (call.markAgentGone) return { type: 'mark-gone', agentId: call.markAgentGone.agentId.value };
  if (call.drainAgent) return { type: 'drain', call: call.drainAgent };
  if (call.deactivateAgent) return { type: 'deactivate', agentId: call.deactivateAgent.agentId.value };
  if (call.reactivateAgent) return { type: 'reactivate', agentId: call.reactivateAgent.agentId.value };
  if (call.updateWeights) return { type: 'update-weights', call: call.updateWeights };
  if (call.updateQuota) return { type: 'update-quota', call: call.updateQuota };
  if (call.setQuota) return { type: 'set-quota', call: call.setQuota };
  if (call.removeQuota) {
    const { role } = call.removeQuota;
    return { type: 'remove-quota', role, path: `/master/quota/${role}` };
  }
  if (call.updateMaintenanceSchedule)
    return { type: 'update-schedule', call: call.updateMaintenanceSchedule };
  if (call.startMaintenance) return { type: 'start-maintenance', call: call.startMaintenance };
  if (call.stopMaintenance) return { type: 'stop-maintenance', call: call.stopMaintenance };
  if (call.reserveResources) return { type: 'reserve', call: call.reserveResources };
  if (call.unreserveResources) return { type: 'unreserve', call: call.unreserveResources };
  if (call.createVolumes) return { type: 'create-volumes', call: call.createVolumes };
  if (call.destroyVolumes) return { type: 'destroy-volumes', call: call.destroyVolumes };
  if (call.growVolume) return { type: 'grow-volume', call: call.growVolume };
  if (call.shrinkVolume) return { type: 'shrink-volume', call: call.shrinkVolume };
  return undefined;
}

const aclActions: Record<OperatorWrite['type'], AclAction> = {
  teardown: 'teardown_framework',
  'mark-gone': 'mark_agent_gone',
  drain: 'drain_agent',
  deactivate: 'deactivate_agent',
  reactivate: 'reactivate_agent',
  'update-weights': 'update_weight',
  'update-quota': 'update_quota',
  'set-quota': 'update_quota',
  'remove-quota': 'update_quota',
  'update-schedule': 'update_maintenance_schedule',
  'start-maintenance': 'start_maintenance',
  'stop-maintenance': 'stop_maintenance',
  reserve: 'reserve_resources',
  unreserve: 'unreserve_resources',
  'create-volumes': 'create_volume',
  'destroy-volumes': 'destroy_volume',
  'grow-volume': 'resize_volume',
  'shrink-volume': 'resize_volume',
};

/** Roles, principals and the like that the write is about; empty: whatever there is. */
function objectsOf(write: OperatorWrite, principalOf: (frameworkId: string) => string | undefined): string[] {
  const roleOf = (resource: {
    readonly reservations: readonly { readonly role: string }[];
    readonly role: string;
  }) => resource.reservations.at(-1)?.role ?? resource.role;
  switch (write.type) {
    case 'teardown':
      return [principalOf(write.frameworkId) ?? ''];
    case 'update-weights':
      return write.call.weightInfos.map(({ role }) => role);
    case 'update-quota':
      return write.call.quotaConfigs.map(({ role }) => role);
    case 'set-quota':
      return [write.call.quotaRequest.role];
    case 'remove-quota':
      return [write.role];
    case 'reserve':
      return write.call.resources.map(roleOf);
    case 'unreserve':
      return write.call.resources.map((resource) => resource.reservations.at(-1)?.principal ?? '');
    case 'create-volumes':
      return write.call.volumes.map(roleOf);
    case 'destroy-volumes':
      return write.call.volumes.map((volume) => volume.disk?.persistence?.principal ?? '');
    case 'grow-volume':
    case 'shrink-volume':
      return [roleOf(write.call.volume)];
    default:
      return [];
  }
}

export function mayWrite(
  acls: Acls,
  principal: string | undefined,
  write: OperatorWrite,
  principalOf: (frameworkId: string) => string | undefined,
): boolean {
  const action = aclActions[write.type];
  if (write.type === 'drain' && write.call.markGone && !acls.permits('mark_agent_gone', principal)) {
    return false;
  }
  const objects = objectsOf(write, principalOf);
  if (objects.length === 0) return acls.permits(action, principal);
  return objects.every((object) => acls.permits(action, principal, object));
}
