/** `run`: a task from its launch to its end, its output here as if it ran here. */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import type { TaskExplanation } from '@orchestrator/master';
import {
  isTerminal,
  nameOfEnum,
  type OfferValid,
  TaskState,
  type TaskStatusValid,
} from '@orchestrator/mesos';
import type { CommandContext } from '../../program/context.ts';
import type { Cluster } from '../connection/cluster.ts';
import { renderTaskReport } from '../render/explanations.ts';
import { frameworkInfoOf, type TaskDescription } from './description.ts';
import { type End, endElsewhere } from './end-elsewhere.ts';
import { OneTask } from './one-task.ts';
import { exitCodeOf } from './outcome.ts';
import { OutputStream } from './output-stream.ts';

export interface RunResult {
  readonly task_id: string;
  readonly framework_id: string;
  readonly agent_id: string | null;
  readonly host: string | null;
  readonly state: string;
  readonly message: string | null;
  /** `null` while it runs. */
  readonly exit_code: number | null;
}

export interface RunOptions {
  readonly context: CommandContext;
  readonly cluster: Cluster;
  readonly description: TaskDescription;
  /** Leaves it running once it runs. */
  readonly detach: boolean;
  /** Nothing but the task itself is told of. */
  readonly quiet: boolean;
  /** Its output is passed on. */
  readonly output: boolean;
}

/** A leader is elected within this; then the task goes on as if nothing had been. */
const failoverTimeoutS = 60;
const detachedTimeoutS = 7 * 86_400;
/** After this long without an offer that fits, it is said why. */
const explainAfterMs = 5_000;
/** The end of a task that was killed is waited for, and its grace is over by then. */
const killPatienceMs = 30_000;

export async function runTask(options: RunOptions): Promise<RunResult> {
  const { context, detach } = options;
  const { clock, signal } = context;
  const run = beginRun(options);
  const { task, output } = run;
  const explaining = clock.after(explainAfterMs, () => void explainWait(options, run), { background: true });
  const killing = () => void endEarly(options, run);
  signal.addEventListener('abort', killing, { once: true });
  try {
    const ends = [task.ended, endIfTakenOver(options, run)];
    const status = await Promise.race([...ends, ...(detach ? [run.running] : [])]);
    if (detach && status.state === TaskState.TASK_RUNNING) return run.resultOf(status, null);
    await output.end();
    await task.tearDown();
    return run.resultOf(status, exitCodeOf(status.state, status.message));
  } finally {
    explaining.cancel();
    signal.removeEventListener('abort', killing);
    task.leave();
  }
}

interface Run {
  readonly taskId: string;
  readonly task: OneTask;
  readonly output: OutputStream;
  /** Resolves when it runs. */
  readonly running: Promise<TaskStatusValid>;
  readonly say: (text: string) => void;
  resultOf(status: End, exitCode: number | null): RunResult;
}

function beginRun({ context, cluster, description, detach, quiet, output: passOn }: RunOptions): Run {
  const { terminal } = context;
  const taskId = `${description.name}.${randomBytes(4).toString('hex')}`;
  const say = quiet ? () => undefined : (text: string) => terminal.say(terminal.sayStyle.dim(text));
  const output = new OutputStream({ cluster, context, say });
  const running = Promise.withResolvers<TaskStatusValid>();
  let offer: OfferValid | undefined;

  const task = new OneTask({
    ...{ cluster, taskId, description, clock: context.clock },
    frameworkInfo: frameworkInfoOf({
      ...{ description, user: userInfo().username, principal: cluster.principal },
      failoverTimeoutS: detach ? detachedTimeoutS : failoverTimeoutS,
    }),
    onLaunch(taken) {
      offer = taken;
      say(`task ${taskId} goes to ${taken.hostname}`);
    },
    onStatus(status) {
      const runs = status.state === TaskState.TASK_RUNNING;
      if (runs) {
        running.resolve(status);
        say(`task ${taskId} runs`);
      }
      // That it runs may have been told to a master that is gone.
      if ((runs || isTerminal(status.state)) && passOn && !detach && offer !== undefined)
        output.begin({ taskId, frameworkId: task.frameworkId, offer });
    },
    onDisconnected: () => say('the master is gone; the task goes on, and another master is looked for'),
  });
  const resultOf = (status: End, exitCode: number | null): RunResult => ({
    ...{ task_id: taskId, framework_id: task.frameworkId },
    agent_id: offer?.agentId.value ?? null,
    host: offer?.hostname ?? null,
    state: nameOfEnum(TaskState, status.state),
    message: status.message === '' ? null : status.message,
    exit_code: exitCode,
  });
  return { taskId, task, output, running: running.promise, say, resultOf };
}

async function endIfTakenOver({ cluster, context }: RunOptions, { task, taskId, say }: Run): Promise<End> {
  await task.takenOver;
  say(`another process has taken task ${taskId} over, to end it; its end is waited for`);
  const { clock, signal } = context;
  return await endElsewhere({ cluster, frameworkId: task.frameworkId, taskId, clock, signal });
}

async function explainWait({ cluster, description, context }: RunOptions, { task, say }: Run): Promise<void> {
  if (task.isLaunched) return;
  const { role, resources } = description;
  const wanted = resources.toString().replaceAll('; ', ';');
  const query = new URLSearchParams({ role, resources: wanted });
  // Masters of Mesos do not explain.
  const placement = (await cluster.read(`/explain?${query}`).catch(() => undefined)) as
    | TaskExplanation
    | undefined;
  const report =
    placement && renderTaskReport({ task: null, wanted, role, placement }, context.terminal.sayStyle);
  if (!task.isLaunched) say(`no offer fits yet${report === undefined ? '' : `: ${report}`}`);
}

/** Ctrl-C: the task is killed, and what it still has to say is waited for. */
async function endEarly({ context }: RunOptions, { task, say }: Run): Promise<void> {
  const { clock, signal } = context;
  clock.after(killPatienceMs, () => task.giveUp(signal.reason), { background: true });
  if (task.isLaunched) {
    say('killing the task');
    await task.kill();
  } else {
    await task.tearDown();
    task.giveUp(signal.reason);
  }
}
