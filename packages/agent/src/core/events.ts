/** What happens to an agent. */
import type { executor, internal, TaskStatusValid } from '@orchestrator/mesos';
import type { CheckResult } from '../checks/machine.ts';
import type { RecoveredContainer } from '../container/containerizer.ts';
import type { Termination } from '../container/machine.ts';
import type { ContainerStatus } from '../container/runtime.ts';
import type { PersistentVolume } from './records.ts';

/** Over libprocess, from a master. */
export type MasterMessage =
  | { name: 'registered'; message: internal.SlaveRegisteredMessageValid }
  | { name: 'reregistered'; message: internal.SlaveReregisteredMessageValid }
  | { name: 'ping'; message: internal.PingSlaveMessageValid }
  | { name: 'runTask'; message: internal.RunTaskMessageValid }
  | { name: 'runTaskGroup'; message: internal.RunTaskGroupMessageValid }
  | { name: 'killTask'; message: internal.KillTaskMessageValid }
  | { name: 'shutdownExecutor'; message: internal.ShutdownExecutorMessageValid }
  | { name: 'shutdownFramework'; message: internal.ShutdownFrameworkMessageValid }
  | { name: 'frameworkMessage'; message: internal.FrameworkToExecutorMessageValid }
  | { name: 'updateFramework'; message: internal.UpdateFrameworkMessageValid }
  | { name: 'checkpointResources'; message: internal.CheckpointResourcesMessageValid }
  | { name: 'applyOperation'; message: internal.ApplyOperationMessageValid }
  | { name: 'reconcileOperations'; message: internal.ReconcileOperationsMessageValid }
  | { name: 'acknowledgeUpdate'; message: internal.StatusUpdateAcknowledgementMessageValid }
  | { name: 'acknowledgeOperation'; message: internal.AcknowledgeOperationStatusMessageValid }
  | { name: 'drain'; message: internal.DrainSlaveMessageValid }
  | { name: 'shutdown'; message: internal.ShutdownMessageValid };

export interface ExecutorIds {
  frameworkId: string;
  executorId: string;
}

/** What an executor has that it does not know to have reached the agent. */
export type Subscription = Pick<
  executor.Call_SubscribeValid,
  'unacknowledgedTasks' | 'unacknowledgedUpdates'
>;

interface ByMessage {
  /** Of an executor that came by messages of libprocess. */
  pid?: string;
  /** It was asked to come again. */
  isAgain?: boolean;
}

export type AgentEvent =
  /** Once, before anything else. `isRebooted`: no container can have survived. */
  | { type: 'recovered'; containers: readonly RecoveredContainer[]; isRebooted: boolean }
  | { type: 'detected'; master: string | undefined }
  /** `refused`: it does not know the secret. `failed`: there was no verdict. */
  | { type: 'authenticated'; master: string; outcome: 'accepted' | 'refused' | 'failed'; message: string }
  /** The connection to it broke. */
  | { type: 'masterExited'; master: string }
  | ({ type: 'message'; from: string } & MasterMessage)
  | { type: 'timer'; key: string }
  | { type: 'launched'; containerId: string; status: ContainerStatus }
  /** Once for each container, launched or not. */
  | { type: 'terminated'; containerId: string; termination: Termination }
  | { type: 'volumesRemoved'; volumes: readonly PersistentVolume[] }
  | { type: 'health'; containerId: string; healthy: boolean; kill: boolean }
  | { type: 'checked'; containerId: string; result: CheckResult }
  | ({ type: 'executorSubscribed'; subscribe: Subscription | undefined } & ExecutorIds & ByMessage)
  | ({ type: 'executorUpdate'; update: { status: TaskStatusValid } } & ExecutorIds & ByMessage)
  | ({ type: 'executorMessage'; data: Uint8Array } & ExecutorIds)
  | ({ type: 'executorDisconnected' } & ExecutorIds);
