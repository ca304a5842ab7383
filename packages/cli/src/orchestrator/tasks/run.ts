/** `run`: a task from its launch to its end, its output here as if it ran here. */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import type { TaskExplanation } from '@orchestrator/master';
import { nameOfEnum, type OfferValid, TaskState, type TaskStatusValid } from '@orchestrator/mesos';
import type { CommandContext } from '../../program/context.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import type { Cluster } from '../connection/cluster.ts';
import { renderTaskReport } from '../render/explanations.ts';
import { frameworkInfoOf, type TaskDescription } from './description.ts';
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
  const { context, cluster, description, detach } = options;
  const { clock, signal, terminal } = context;
  const taskId = `${description.name}.${randomBytes(4).toString('hex')}`;
  const say = options.quiet ? () => undefined : (text: string) => terminal.say(terminal.sayStyle.dim(text));
  const output = new OutputStream({ cluster, context, say });
  const running = Promise.withResolvers<TaskStatusValid>();
  let launchedOn: OfferValid | undefined;

  const task = new OneTask({
    ...{ cluster, taskId, description },
    frameworkInfo: frameworkInfoOf({
      ...{ description, user: userInfo().username, principal: cluster.principal },
      failoverTimeoutS: detach ? detachedTimeoutS : failoverTimeoutS,
    }),
    onLaunch(offer) {
      launchedOn = offer;
      say(`task ${taskId} goes to ${offer.hostname}`);
    },
    onStatus(status) {
      if (status.state !== TaskState.TASK_RUNNING) return;
      running.resolve(status);
      say(`task ${taskId} runs`);
      if (options.output && !detach && launchedOn !== undefined)
        output.begin({ taskId, frameworkId: task.frameworkId, offer: launchedOn });
    },
    onDisconnected: () => say('the master is gone; the task goes on, and another master is looked for'),
  });

  const resultOf = (status: TaskStatusValid, exitCode: number | null): RunResult => ({
    ...{ task_id: taskId, framework_id: task.frameworkId },
    agent_id: launchedOn?.agentId.value ?? null,
    host: launchedOn?.hostname ?? null,
    state: nameOfEnum(TaskState, status.state),
    message: status.message === '' ? null : status.message,
    exit_code: exitCode,
  });

  const explaining = clock.after(explainAfterMs, () => void explainWait(options, task, say), {
    background: true,
  });
  const killing = () => void endEarly(task, options, say);
  signal.addEventListener('abort', killing, { once: true });
  try {
    const first = await Promise.race([task.ended, ...(detach ? [running.promise] : [])]);
    if (detach && first.state === TaskState.TASK_RUNNING) {
      task.leave();
      return resultOf(first, null);
    }
    await output.end();
    await task.tearDown();
    return resultOf(first, exitCodeOf(first.state, first.message));
  } finally {
    explaining.cancel();
    signal.removeEventListener('abort', killing);
    task.leave();
  }
}

async function explainWait(
  { cluster, description, context }: RunOptions,
  task: OneTask,
  say: (text: string) => void,
) {
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
async function endEarly(task: OneTask, { context }: RunOptions, say: (text: string) => void): Promise<void> {
  const { clock } = context;
  clock.after(killPatienceMs, () => process.exit(exitCodes.interrupted), { background: true });
  if (!task.isLaunched) {
    await task.tearDown();
    process.exit(exitCodes.interrupted);
  }
  say('killing the task');
  await task.kill();
}
