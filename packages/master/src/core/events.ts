/** What happens to a master, as far as its core is concerned. */
import type { internal, master, scheduler, Valid } from '@orchestrator/mesos';
import type { RegistryOutcome } from '../registrar/registrar.ts';
import type { Connection } from './records.ts';

/** Messages from agents by the names that they have on the wire. */
export interface MessagesFromAgents {
  RegisterSlaveMessage: Valid<typeof internal.RegisterSlaveMessageSchema>;
  ReregisterSlaveMessage: Valid<typeof internal.ReregisterSlaveMessageSchema>;
  UnregisterSlaveMessage: Valid<typeof internal.UnregisterSlaveMessageSchema>;
  StatusUpdateMessage: Valid<typeof internal.StatusUpdateMessageSchema>;
  ExitedExecutorMessage: Valid<typeof internal.ExitedExecutorMessageSchema>;
  ExecutorToFrameworkMessage: Valid<typeof internal.ExecutorToFrameworkMessageSchema>;
  UpdateSlaveMessage: Valid<typeof internal.UpdateSlaveMessageSchema>;
  UpdateOperationStatusMessage: Valid<typeof internal.UpdateOperationStatusMessageSchema>;
  PongSlaveMessage: Valid<typeof internal.PongSlaveMessageSchema>;
}

export type MessageFromAgent = {
  [Name in keyof MessagesFromAgents]: { readonly name: Name; readonly message: MessagesFromAgents[Name] };
}[keyof MessagesFromAgents];

/** Writes of operators: calls of the API, whatever endpoint they came by. */
export type OperatorWrite =
  | { readonly type: 'teardown'; readonly frameworkId: string }
  | { readonly type: 'mark-gone'; readonly agentId: string }
  | { readonly type: 'drain'; readonly call: master.Call_DrainAgentValid }
  | { readonly type: 'deactivate'; readonly agentId: string }
  | { readonly type: 'reactivate'; readonly agentId: string }
  | { readonly type: 'update-weights'; readonly call: master.Call_UpdateWeightsValid }
  | { readonly type: 'update-quota'; readonly call: master.Call_UpdateQuotaValid }
  | { readonly type: 'set-quota'; readonly call: master.Call_SetQuotaValid }
  | { readonly type: 'remove-quota'; readonly role: string; readonly path: string }
  | { readonly type: 'update-schedule'; readonly call: master.Call_UpdateMaintenanceScheduleValid }
  | { readonly type: 'start-maintenance'; readonly call: master.Call_StartMaintenanceValid }
  | { readonly type: 'stop-maintenance'; readonly call: master.Call_StopMaintenanceValid }
  | { readonly type: 'reserve'; readonly call: master.Call_ReserveResourcesValid }
  | { readonly type: 'unreserve'; readonly call: master.Call_UnreserveResourcesValid }
  | { readonly type: 'create-volumes'; readonly call: master.Call_CreateVolumesValid }
  | { readonly type: 'destroy-volumes'; readonly call: master.Call_DestroyVolumesValid }
  | { readonly type: 'grow-volume'; readonly call: master.Call_GrowVolumeValid }
  | { readonly type: 'shrink-volume'; readonly call: master.Call_ShrinkVolumeValid };

export type CoreEvent =
  /** The first: the registry is there. */
  | { readonly type: 'recovered' }
  | {
      readonly type: 'agent-message';
      readonly pid: string;
      /** As it was authenticated. */
      readonly principal?: string | undefined;
      readonly message: MessageFromAgent;
    }
  | { readonly type: 'agent-disconnected'; readonly pid: string }
  | {
      readonly type: 'subscribe';
      readonly connection: Connection;
      readonly call: scheduler.Call_SubscribeValid;
      /** Of a driver: take over from whoever is subscribed. Frameworks over HTTP always do. */
      readonly force?: boolean;
    }
  /** A call that is valid in itself, of a framework that is subscribed on this connection. */
  | { readonly type: 'call'; readonly frameworkId: string; readonly call: scheduler.CallValid }
  | {
      readonly type: 'update-framework';
      readonly requestId: number;
      readonly frameworkId: string;
      readonly call: scheduler.Call_UpdateFrameworkValid;
    }
  | { readonly type: 'framework-disconnected'; readonly connection: Connection }
  /** A driver that was superseded wants no offers. */
  | { readonly type: 'framework-deactivated'; readonly pid: string }
  | {
      readonly type: 'operator';
      readonly requestId: number;
      readonly principal?: string | undefined;
      readonly write: OperatorWrite;
    }
  /** Host names of the agents that may be offered; undefined: all. */
  | { readonly type: 'whitelist'; readonly hostnames: ReadonlySet<string> | undefined }
  | { readonly type: 'registry-done'; readonly token: number; readonly outcome: RegistryOutcome }
  /** Something is due (`MasterCore.nextDueMs`). */
  | { readonly type: 'tick' }
  /** Time to make offers. */
  | { readonly type: 'allocate' };
