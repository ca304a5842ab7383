/** Messages of masters as events of the core. */
import { formatUpid, internal, type MessageRoute, onMessage } from '@orchestrator/mesos';
import type { AgentEvent } from '../core/events.ts';

export function masterRoutes(tell: (event: AgentEvent) => void): MessageRoute[] {
  const {
    SlaveRegisteredMessageSchema,
    SlaveReregisteredMessageSchema,
    PingSlaveMessageSchema,
    RunTaskMessageSchema,
    RunTaskGroupMessageSchema,
    KillTaskMessageSchema,
    ShutdownExecutorMessageSchema,
    ShutdownFrameworkMessageSchema,
    FrameworkToExecutorMessageSchema,
    UpdateFrameworkMessageSchema,
    CheckpointResourcesMessageSchema,
    ApplyOperationMessageSchema,
    ReconcileOperationsMessageSchema,
    StatusUpdateAcknowledgementMessageSchema,
    AcknowledgeOperationStatusMessageSchema,
    DrainSlaveMessageSchema,
    ShutdownMessageSchema,
  } = internal;
  const from = formatUpid;
  const type = 'message';
  return [
    onMessage(SlaveRegisteredMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'registered', message }),
    ),
    onMessage(SlaveReregisteredMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'reregistered', message }),
    ),
    onMessage(PingSlaveMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'ping', message }),
    ),
    onMessage(RunTaskMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'runTask', message }),
    ),
    onMessage(RunTaskGroupMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'runTaskGroup', message }),
    ),
    onMessage(KillTaskMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'killTask', message }),
    ),
    onMessage(ShutdownExecutorMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'shutdownExecutor', message }),
    ),
    onMessage(ShutdownFrameworkMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'shutdownFramework', message }),
    ),
    onMessage(FrameworkToExecutorMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'frameworkMessage', message }),
    ),
    onMessage(UpdateFrameworkMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'updateFramework', message }),
    ),
    onMessage(CheckpointResourcesMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'checkpointResources', message }),
    ),
    onMessage(ApplyOperationMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'applyOperation', message }),
    ),
    onMessage(ReconcileOperationsMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'reconcileOperations', message }),
    ),
    onMessage(StatusUpdateAcknowledgementMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'acknowledgeUpdate', message }),
    ),
    onMessage(AcknowledgeOperationStatusMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'acknowledgeOperation', message }),
    ),
    onMessage(DrainSlaveMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'drain', message }),
    ),
    onMessage(ShutdownMessageSchema, (message, sender) =>
      tell({ type, from: from(sender), name: 'shutdown', message }),
    ),
  ];
}
