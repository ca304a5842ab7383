import type { FrameworkExplanation, TaskExplanation } from '@orchestrator/master';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { type Cluster, openCluster } from '../connection/cluster.ts';
import { readFrameworks, readTasks } from '../connection/reads.ts';
import { type MasterOptions, withMaster } from '../options.ts';
import { renderFrameworkExplanation, renderTaskReport } from '../render/explanations.ts';
import type { TaskReport } from '../views/explanations.ts';
import { findOne } from '../views/find.ts';
import type { TaskView } from '../views/tasks.ts';

interface ExplainOptions extends MasterOptions, JsonOption {
  readonly resources?: string;
  readonly role: string;
}

export function explainCommand(context: CommandContext): Command {
  return withJson(
    withMaster(new Command('explain').summary('why a framework gets no offers, or a task does not start')),
  )
    .description(
      'Of a framework: how it stands in each of its roles, what keeps each agent from being offered to it, and who got the last offers instead. ' +
        'Of a task: what became of it, and whether its like would fit now. With --resources: which requirement of a task no agent meets, and by how much.',
    )
    .argument('[name]', 'a framework or a task: its id, its name, or the beginning or end of its id')
    .option('--resources <text>', 'of a task that does not exist yet: cpus:4;mem:8192')
    .option('--role <role>', 'the role it would run in', '*')
    .addHelpText(
      'after',
      examples(
        ['orchestrator explain marathon', 'why Marathon gets no offers'],
        ['orchestrator explain web.4f1c', 'what became of a task'],
        [
          "orchestrator explain --resources='cpus:8;mem:65536' --role=batch",
          'would it fit, and what is in the way',
        ],
      ),
    )
    .action((name: string | undefined, options: ExplainOptions) => explain(context, name, options));
}

async function explain(
  context: CommandContext,
  name: string | undefined,
  options: ExplainOptions,
): Promise<void> {
  const { terminal } = context;
  const { resources, role, json = false } = options;
  if ((name === undefined) === (resources === undefined))
    throw new CliError('invalid', 'nothing says what is to be explained', {
      remedy: 'name a framework or a task, or give --resources of a task',
    });
  await using cluster = await openCluster(context, options);
  if (resources !== undefined) {
    const report = {
      task: null,
      wanted: resources,
      role,
      placement: await placementOf(cluster, resources, role),
    };
    terminal.out(json ? JSON.stringify(report) : renderTaskReport(report, terminal.style));
    return;
  }
  const wanted = name ?? '';
  const [frameworks, tasks] = await Promise.all([readFrameworks(cluster, 'live'), readTasks(cluster, 'all')]);
  if (!isNamed(frameworks, wanted) && !isNamed(tasks, wanted))
    throw new CliError('not-found', `there is no framework and no task "${wanted}"`, {
      remedy: 'orchestrator frameworks and orchestrator tasks --all list what there is',
    });
  const task =
    tasks.find(({ id }) => id === wanted) ??
    (isNamed(frameworks, wanted) ? undefined : findOne(tasks, wanted, 'task'));
  if (task !== undefined) {
    const report = await reportOn(cluster, task);
    terminal.out(json ? JSON.stringify(report) : renderTaskReport(report, terminal.style));
    return;
  }
  const framework = findOne(frameworks, wanted, 'framework');
  const path = `/explain?framework_id=${encodeURIComponent(framework.id)}`;
  const explanation = (await cluster.read(path)) as FrameworkExplanation;
  const text = () => renderFrameworkExplanation(explanation, framework.name, terminal.style);
  terminal.out(json ? JSON.stringify(explanation) : text());
}

const isNamed = (items: readonly { id: string; name: string }[], wanted: string) =>
  items.some(({ id, name }) => name === wanted || id.startsWith(wanted) || id.endsWith(wanted));

async function placementOf(cluster: Cluster, resources: string, role: string): Promise<TaskExplanation> {
  const query = new URLSearchParams({ resources, role });
  return (await cluster.read(`/explain?${query}`)) as TaskExplanation;
}

async function reportOn(cluster: Cluster, task: TaskView): Promise<TaskReport> {
  const wanted = Object.entries(task.resources)
    .map(([name, value]) => `${name}:${value}`)
    .join(';');
  const { role } = task;
  return { task, wanted, role, placement: await placementOf(cluster, wanted, role) };
}
