/** What there is: a question, a table. */
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { openCluster } from '../connection/cluster.ts';
import { readAgents, readFrameworks, readOffers, readRoles, readTasks } from '../connection/reads.ts';
import { type MasterOptions, withMaster } from '../options.ts';
import { renderAgents } from '../render/agents.ts';
import { renderFrameworks, renderOffers } from '../render/frameworks.ts';
import { renderRoles } from '../render/roles.ts';
import { renderTasks } from '../render/tasks.ts';
import { findOne } from '../views/find.ts';

interface ListOptions extends MasterOptions, JsonOption {
  readonly all?: boolean;
  readonly framework?: string;
}

const print = (terminal: Terminal, json: boolean | undefined, value: unknown, text: () => string) =>
  terminal.out(json === true ? JSON.stringify(value) : text());

const list = (name: string, summary: string) => withJson(withMaster(new Command(name).summary(summary)));

export function tasksCommand(context: CommandContext): Command {
  const { terminal, clock } = context;
  return list('tasks', 'tasks, where they run, and how they are')
    .description(
      'Lists tasks that are alive; with --all those that have ended too, as far as the master remembers.',
    )
    .option('--all', 'those that have ended too')
    .option('--framework <name>', 'of one framework: its id, its name, or the beginning or end of its id')
    .addHelpText(
      'after',
      examples(
        ['orchestrator tasks', 'what runs now'],
        ['orchestrator tasks --all --framework=marathon', 'and what has run'],
        [`orchestrator tasks --json | jq '.[] | select(.state != "TASK_RUNNING").id'`, 'for scripts'],
      ),
    )
    .action(async (options: ListOptions) => {
      await using cluster = await openCluster(context, options);
      const which = options.all === true ? 'all' : 'live';
      const [tasks, frameworks, agents] = await Promise.all([
        readTasks(cluster, which),
        readFrameworks(cluster, 'all'),
        readAgents(cluster),
      ]);
      const { framework } = options;
      const id = framework === undefined ? undefined : findOne(frameworks, framework, 'framework').id;
      const shown = tasks.filter((task) => id === undefined || task.framework_id === id);
      const scene = { frameworks, agents, nowMs: clock.nowMs(), style: terminal.style };
      const width = terminal.interactive ? { width: terminal.columns() } : {};
      print(terminal, options.json, shown, () => renderTasks(shown, { ...scene, ...width }));
    });
}

export function agentsCommand(context: CommandContext): Command {
  const { terminal, clock } = context;
  return list('agents', 'agents, and what is free on them')
    .description('Lists agents that are registered, with what is allocated of their resources.')
    .action(async (options: ListOptions) => {
      await using cluster = await openCluster(context, options);
      const agents = await readAgents(cluster);
      print(terminal, options.json, agents, () => renderAgents(agents, terminal.style, clock.nowMs()));
    });
}

export function frameworksCommand(context: CommandContext): Command {
  const { terminal, clock } = context;
  return list('frameworks', 'frameworks, and what they hold')
    .description('Lists frameworks that are registered; with --all those that have ended too.')
    .option('--all', 'those that have ended too')
    .action(async (options: ListOptions) => {
      await using cluster = await openCluster(context, options);
      const frameworks = await readFrameworks(cluster, options.all === true ? 'all' : 'live');
      const tasks = await readTasks(cluster, 'live');
      const scene = { tasks, style: terminal.style, nowMs: clock.nowMs() };
      print(terminal, options.json, frameworks, () => renderFrameworks(frameworks, scene));
    });
}

export function offersCommand(context: CommandContext): Command {
  const { terminal } = context;
  return list('offers', 'offers that frameworks have not answered')
    .description(
      'Lists resources that are offered and not answered yet. An offer that stands for long is held by its framework: nobody else can use it.',
    )
    .action(async (options: ListOptions) => {
      await using cluster = await openCluster(context, options);
      const offers = await readOffers(cluster);
      print(terminal, options.json, offers, () => renderOffers(offers, terminal.style));
    });
}

export function rolesCommand(context: CommandContext): Command {
  const { terminal } = context;
  return list('roles', 'roles: weight, quota, and what they hold')
    .description('Lists roles that somebody uses, or that have a weight or a quota.')
    .action(async (options: ListOptions) => {
      await using cluster = await openCluster(context, options);
      const roles = await readRoles(cluster);
      print(terminal, options.json, roles, () => renderRoles(roles, terminal.style));
    });
}
