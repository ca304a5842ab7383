import {
  CheckInfo_Type,
  CheckStatusInfoSchema,
  isTerminal,
  makeMessage,
  TaskState,
  TaskStatus_Reason,
  TaskStatus_Source,
} from '@orchestrator/mesos';
import type { CheckResult } from '../checks/machine.ts';
import { reportTask } from './status.ts';
import { findContainer, type Turn } from './turn.ts';

/** A look without an answer leaves the result empty, as Mesos does. */
function checkStatus(result: CheckResult) {
  switch (result.type) {
    case 'command':
      return makeMessage(CheckStatusInfoSchema, {
        type: CheckInfo_Type.COMMAND,
        command: { exitCode: result.exitCode },
      });
    case 'http':
      return makeMessage(CheckStatusInfoSchema, {
        type: CheckInfo_Type.HTTP,
        http: { statusCode: result.statusCode },
      });
    case 'tcp':
      return makeMessage(CheckStatusInfoSchema, {
        type: CheckInfo_Type.TCP,
        tcp: { succeeded: result.succeeded },
      });
    case 'none':
      return makeMessage(CheckStatusInfoSchema, {});
  }
}

export function onChecked(turn: Turn, event: { containerId: string; result: CheckResult }): void {
  const place = findContainer(turn.state, event.containerId);
  const task = place?.task;
  if (place === undefined || task === undefined || isTerminal(task.task.state)) return;
  if (task.kill !== undefined) return;
  reportTask(turn, place.framework, place.executor, task, {
    state: TaskState.TASK_RUNNING,
    source: TaskStatus_Source.EXECUTOR,
    reason: TaskStatus_Reason.TASK_CHECK_STATUS_UPDATED,
    checkStatus: checkStatus(event.result),
    ...(task.healthy !== undefined && { healthy: task.healthy }),
  });
}
