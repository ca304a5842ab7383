/** What executors are told over their stream. */
import {
  type KillPolicyValid,
  makeMessage,
  executor as protocol,
  type TaskInfoValid,
} from '@orchestrator/mesos';
import type { ExecutorRecord } from './records.ts';
import type { Turn } from './turn.ts';

type EventInit = Parameters<typeof makeMessage<typeof protocol.EventSchema>>[1];

export function sendEvent(turn: Turn, { containerId, isSubscribed }: ExecutorRecord, event: EventInit): void {
  if (!isSubscribed) return;
  turn.actions.push({ type: 'event', containerId, event: makeMessage(protocol.EventSchema, event) });
}

export function sendLaunch(turn: Turn, executor: ExecutorRecord, tasks: readonly TaskInfoValid[]): void {
  for (const task of tasks) {
    sendEvent(turn, executor, { type: protocol.Event_Type.LAUNCH, launch: { task } });
  }
}

export function sendKill(
  turn: Turn,
  executor: ExecutorRecord,
  taskId: string,
  killPolicy: KillPolicyValid | undefined,
): void {
  const kill = { taskId: { value: taskId }, ...(killPolicy && { killPolicy }) };
  sendEvent(turn, executor, { type: protocol.Event_Type.KILL, kill });
}

export function sendAcknowledged(
  turn: Turn,
  executor: ExecutorRecord,
  taskId: string,
  uuid: Uint8Array,
): void {
  const acknowledged = { taskId: { value: taskId }, uuid };
  sendEvent(turn, executor, { type: protocol.Event_Type.ACKNOWLEDGED, acknowledged });
}
