/** `cluster up` in the foreground: from start to Ctrl-C. */
import { once } from 'node:events';
import type { CommandContext } from '../../program/context.ts';
import { ClusterSupervisor } from './supervisor.ts';
import { clearFolder, prepareCluster, type UpOptions } from './up.ts';

export interface SuperviseOptions {
  readonly folder: string;
  readonly options: UpOptions;
  readonly keep: boolean;
  readonly context: CommandContext;
  /** It can be used now. */
  readonly onReady: () => Promise<void>;
}

export async function superviseCluster({
  folder,
  options,
  keep,
  context,
  onReady,
}: SuperviseOptions): Promise<void> {
  const { terminal, clock, signal } = context;
  const say = (text: string) => terminal.say(text);
  await clearFolder(folder, context);
  const { plan, containerizers, remarks } = await prepareCluster(folder, options, context);
  for (const remark of remarks) say(remark);
  say(`starting ${plan.parts.map(({ name }) => name).join(', ')} in ${folder}`);
  const supervisor = new ClusterSupervisor({ plan, folder, containerizers, clock, signal, say });
  try {
    await supervisor.start();
  } catch (error) {
    // What did not start is explained by the logs.
    await supervisor.stop({ keep: !signal.aborted }).catch((reason: Error) => say(reason.message));
    throw error;
  }
  try {
    await onReady();
    say('ready; Ctrl-C ends it');
    if (!signal.aborted) await once(signal, 'abort');
    say('ending');
  } finally {
    await supervisor.stop({ keep });
  }
}
