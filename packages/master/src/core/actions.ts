/** What the core wants done. Actions are carried out in their order. */
import type { internal, master, scheduler, Valid } from '@orchestrator/mesos';
import type { RegistryOperation } from '../registrar/operations.ts';
import type { Connection } from './records.ts';

/** Messages to agents by the names that they have on the wire. */
export interface AgentMessages {
  SlaveRegisteredMessage: Valid<typeof internal.SlaveRegisteredMessageSchema>;
  SlaveReregisteredMessage: Valid<typeof internal.SlaveReregisteredMessageSchema>;
  PingSlaveMessage: Valid<typeof internal.PingSlaveMessageSchema>;
  RunTaskMessage: Valid<typeof internal.RunTaskMessageSchema>;
  RunTaskGroupMessage: Valid<typeof internal.RunTaskGroupMessageSchema>;
  KillTaskMessage: Valid<typeof internal.KillTaskMessageSchema>;
  ShutdownExecutorMessage: Valid<typeof internal.ShutdownExecutorMessageSchema>;
  ShutdownFrameworkMessage: Valid<typeof internal.ShutdownFrameworkMessageSchema>;
  FrameworkToExecutorMessage: Valid<typeof internal.FrameworkToExecutorMessageSchema>;
  UpdateFrameworkMessage: Valid<typeof internal.UpdateFrameworkMessageSchema>;
  CheckpointResourcesMessage: Valid<typeof internal.CheckpointResourcesMessageSchema>;
  ApplyOperationMessage: Valid<typeof internal.ApplyOperationMessageSchema>;
  ReconcileOperationsMessage: Valid<typeof internal.ReconcileOperationsMessageSchema>;
  StatusUpdateAcknowledgementMessage: Valid<typeof internal.StatusUpdateAcknowledgementMessageSchema>;
  AcknowledgeOperationStatusMessage: Valid<typeof internal.AcknowledgeOperationStatusMessageSchema>;
  DrainSlaveMessage: Valid<typeof internal.DrainSlaveMessageSchema>;
  ShutdownMessage: Valid<typeof internal.ShutdownMessageSchema>;
}

export type AgentMessage = {
  [Name in keyof AgentMessages]: { readonly name: Name; readonly message: AgentMessages[Name] };
}[keyof AgentMessages];

/** What goes with an event to a driver, whose messages say more than those of the v1 API. */
export interface DriverHints {
  /** Of the agents of OFFERS, in their order. */
  readonly pids?: readonly string[];
  /** Of the agent that an UPDATE is to be acknowledged through; undefined when the master made it. */
  readonly updatePid?: string;
}

export type Action =
  | { readonly type: 'to-agent'; readonly pid: string; readonly message: AgentMessage }
  | {
      readonly type: 'to-framework';
      readonly connection: Connection;
      readonly event: scheduler.EventValid;
      readonly hints?: DriverHints;
    }
  /** After all events sent before. */
  | { readonly type: 'close-framework'; readonly connection: Connection }
  | { readonly type: 'operator-event'; readonly event: master.EventValid }
  /** Its outcome comes back as an event with the token. */
  | { readonly type: 'registry'; readonly token: number; readonly operation: RegistryOperation }
  | { readonly type: 'answer'; readonly requestId: number; readonly answer: Answer }
  /** The connection to the agent should be watched: that it breaks is the first sign of trouble. */
  | { readonly type: 'link-agent'; readonly agentId: string; readonly pid: string }
  | { readonly type: 'unlink'; readonly pid: string }
  /** An event that could not be dealt with to its end: a defect of ours, or a message that nobody thought of. */
  | { readonly type: 'defect'; readonly event: string; readonly error: unknown }
  /** For people: what happened and why. */
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn';
      readonly message: string;
      readonly fields: object;
    };

/** To a request over HTTP. 200 and 202 without a body; else the reason in words. */
export interface Answer {
  readonly status: 200 | 202 | 400 | 403 | 404 | 409 | 501 | 503;
  readonly message?: string;
}
