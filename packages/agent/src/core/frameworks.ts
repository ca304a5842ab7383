/** Frameworks of which there are tasks here, and what is left when there are none. */
import type { internal } from '@orchestrator/mesos';
import { coreLimits, type ExecutorRecord, type FrameworkRecord } from './records.ts';
import { executorKey, frameworkKey } from './saved.ts';
import { save, type Turn } from './turn.ts';
import { closeStream, resendAll } from './updates.ts';

export function saveFramework(turn: Turn, { id, info, pid }: FrameworkRecord): void {
  if (info.checkpoint) save(turn, { kind: 'framework', id, info, pid });
}

export function onUpdateFramework(turn: Turn, message: internal.UpdateFrameworkMessageValid): void {
  const { frameworkId, pid, frameworkInfo } = message;
  const framework = turn.state.frameworks.get(frameworkId.value);
  if (framework === undefined || framework.phase === 'terminating') return;
  framework.pid = pid === '' || pid.startsWith('@') ? undefined : pid;
  // Whether it is checkpointed was decided when its first task came.
  const { checkpoint } = framework.info;
  if (frameworkInfo !== undefined) framework.info = { ...frameworkInfo, checkpoint };
  saveFramework(turn, framework);
  resendAll(turn, (stream) => stream.frameworkId === framework.id);
}

function forgetExecutor(turn: Turn, framework: FrameworkRecord, executor: ExecutorRecord): void {
  const id = executor.info.executorId.value;
  framework.executors.delete(id);
  framework.completedExecutors = [...framework.completedExecutors, executor].slice(
    -coreLimits.completedExecutors,
  );
  turn.actions.push({ type: 'forget', key: executorKey(framework.id, id, executor.containerId) });
  turn.actions.push({ type: 'release', containerId: executor.containerId });
}

function forgetFramework(turn: Turn, framework: FrameworkRecord): void {
  for (const { frameworkId, taskId } of [...turn.state.streams.values()]) {
    if (frameworkId === framework.id && framework.phase === 'terminating')
      closeStream(turn, frameworkId, taskId);
  }
  turn.state.frameworks.delete(framework.id);
  turn.state.completedFrameworks = [
    ...turn.state.completedFrameworks.filter(({ id }) => id !== framework.id),
    framework,
  ].slice(-coreLimits.completedFrameworks);
  turn.actions.push({ type: 'forget', key: frameworkKey(framework.id) });
}

/** After the end of an executor or the last acknowledgement of a task. */
export function tidy(turn: Turn, framework: FrameworkRecord): void {
  for (const executor of [...framework.executors.values()]) {
    if (executor.phase === 'terminated' && executor.tasks.size === 0)
      forgetExecutor(turn, framework, executor);
  }
  const waits = [...turn.state.streams.values()].some(({ frameworkId }) => frameworkId === framework.id);
  if (framework.executors.size > 0 || (waits && framework.phase === 'running')) return;
  forgetFramework(turn, framework);
}
