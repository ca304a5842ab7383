/** Tasks and operations that a real master refused, in its words. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  nameOfEnum,
  OperationState,
  readJsonValue,
  scheduler,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { expect, test } from 'vitest';
import { ScriptedCluster, task } from '../src/core/scripted-cluster.ts';

interface RecordedCase {
  readonly case: string;
  readonly operations: readonly object[];
  readonly answers: readonly {
    readonly taskId?: string;
    readonly operationId?: string;
    readonly state: string;
    readonly reason?: string | null;
    readonly message: string;
  }[];
}

const text = await readFile(join(import.meta.dirname, 'data/task-errors.json'), 'utf8');
const pid = 'slave(1)@127.0.0.5:5151';

/** What is left of the offers differs from the recorded cluster; what was asked for does not. */
const comparable = (message: string) =>
  message
    .replace(/(is|are) more than available .*$/s, '')
    .replace(/^.* does not contain /s, 'does not contain ')
    .replace(/ \([^()]*\)$/, '');

function answersOf(events: readonly scheduler.EventValid[]) {
  return events.flatMap(({ update, updateOperationStatus }) => {
    if (update !== undefined) {
      const { taskId, state, reason, message } = update.status;
      return {
        taskId: taskId.value,
        state: nameOfEnum(TaskState, state),
        reason: `REASON_${nameOfEnum(TaskStatus_Reason, reason)}`,
        message: comparable(message),
      };
    }
    if (updateOperationStatus === undefined) return [];
    const { operationId, state, message } = updateOperationStatus.status;
    return {
      operationId: operationId?.value,
      state: nameOfEnum(OperationState, state),
      message: comparable(message),
    };
  });
}

test.each((JSON.parse(text) as RecordedCase[]).map((each) => [each.case, each] as const))(
  '%s',
  (name, each) => {
    const cluster = new ScriptedCluster();
    const agentId = cluster.register(
      pid,
      'cpus:8;mem:8192;disk:20000;ports:[31000-32000];bandwidth:1000',
      '127.0.0.5',
    );
    const frameworkId = cluster.subscribe('c', {
      roles: ['err'],
      capabilities: ['MULTI_ROLE', 'PARTITION_AWARE', 'RESERVATION_REFINEMENT', 'TASK_KILLING_STATE'],
    });
    const accept = (operations: readonly object[], offerIds: readonly string[]) => {
      const call = {
        type: 'ACCEPT',
        accept: {
          offer_ids: offerIds.map((value) => ({ value })),
          operations,
          filters: { refuse_seconds: 0 },
        },
      };
      const filled = JSON.stringify(call).replaceAll('AGENT', agentId).replaceAll('FRAMEWORK', frameworkId);
      cluster.call(frameworkId, readJsonValue(scheduler.CallSchema, JSON.parse(filled)));
    };
    const offers = () => {
      cluster.nowMs += 10_000;
      cluster.allocate();
      return cluster.offersOf(frameworkId).map(({ id }) => id);
    };
    if (name === 'duplicate task id') {
      const { resources: _amounts, taskId, agentId: place, ...rest } = task('dup-1', 'AGENT');
      const resources = [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
      ];
      const launch = { task_infos: [{ ...rest, resources, task_id: taskId, agent_id: place }] };
      accept([{ type: 'LAUNCH', launch }], offers());
    }
    const ids = offers();
    cluster.heard('c');
    accept(each.operations, name === 'unknown offer id' ? ['nope-O1'] : ids);
    const expected = each.answers.map((answer) => {
      const message = answer.message.replaceAll('AGENT', agentId).replaceAll('PID', pid);
      return { ...answer, message: comparable(message) };
    });
    expect(answersOf(cluster.heard('c'))).toEqual(expected);
  },
);
