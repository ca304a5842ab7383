/** A master has no place for the agent any more: it ends what runs, and then itself. */
import { internal, makeMessage } from '@orchestrator/mesos';
import { onShutdownFramework } from './kill.ts';
import { log, type Turn } from './turn.ts';

export function onShutdown(turn: Turn, { message }: internal.ShutdownMessageValid): void {
  const { state } = turn;
  // What runs is not known yet; told again after the registration.
  if (state.phase === 'recovering' || state.phase === 'terminating') return;
  log(turn, 'told by the master to end', { message });
  state.phase = 'terminating';
  state.farewell = message;
  for (const { id } of [...state.frameworks.values()]) {
    const shutdown = makeMessage(internal.ShutdownFrameworkMessageSchema, { frameworkId: { value: id } });
    onShutdownFramework(turn, shutdown);
  }
}

/** Started again it is another agent: masters do not take this one back. Its reservations and volumes stay. */
export function finishShutdownIfDone(turn: Turn): void {
  const { state } = turn;
  if (state.farewell === undefined || state.frameworks.size > 0) return;
  const operations = [...state.operations.keys()].map((uuid) => `operations/${uuid}`);
  for (const key of ['agent', 'drain', ...operations]) turn.actions.push({ type: 'forget', key });
  turn.actions.push({ type: 'exit', message: `told by the master to end: ${state.farewell}` });
  state.farewell = undefined;
}
