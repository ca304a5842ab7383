import { master, parseDuration } from '@orchestrator/mesos';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { openCluster } from '../connection/cluster.ts';
import { readMaintenance } from '../connection/reads.ts';
import { type MasterOptions, withMaster } from '../options.ts';
import { renderMaintenance } from '../render/maintenance.ts';
import {
  type MaintenanceView,
  machineOf,
  scheduleOf,
  type WindowView,
  withoutMachines,
} from '../views/maintenance.ts';

type Options = MasterOptions & JsonOption;

interface ScheduleOptions extends Options {
  readonly start?: string;
  readonly duration?: string;
}

export function maintenanceCommand(context: CommandContext): Command {
  return new Command('maintenance')
    .summary('planned outages of machines: schedule, down, up')
    .description(
      'A machine that is scheduled is drained politely: frameworks are asked for what they hold there, and told when it goes. ' +
        'It is down once its agents have to stay away. drain empties an agent at once instead.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'orchestrator maintenance schedule node-7 --start=2026-12-01T02:00:00Z --duration=2hrs',
          'announce it',
        ],
        ['orchestrator maintenance down node-7', 'begin: its agents end, and are not let in again'],
        ['orchestrator maintenance up node-7', 'over'],
      ),
    )
    .addCommand(statusCommand(context))
    .addCommand(scheduleCommand(context))
    .addCommand(cancelCommand(context))
    .addCommand(downCommand(context))
    .addCommand(upCommand(context));
}

const subcommand = (name: string, summary: string) =>
  withJson(
    withMaster(
      new Command(name).summary(summary).description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`),
    ),
  );

const withMachines = (command: Command) =>
  command.argument('<machines...>', 'host, host/ip, or /ip: as its agents are registered');

async function show({ terminal }: CommandContext, view: MaintenanceView, { json }: Options): Promise<void> {
  terminal.out(json === true ? JSON.stringify(view) : renderMaintenance(view, terminal.style));
}

function statusCommand(context: CommandContext): Command {
  return subcommand('status', 'what is planned, what drains, what is down').action(
    async (options: Options) => {
      await using cluster = await openCluster(context, options);
      await show(context, await readMaintenance(cluster), options);
    },
  );
}

function scheduleCommand(context: CommandContext): Command {
  return withMachines(subcommand('schedule', 'announces an outage; a machine stands in one window at most'))
    .option('--start <time>', 'ISO 8601; default: now')
    .option('--duration <duration>', '90mins, 2hrs; default: without an end')
    .action((machines: readonly string[], options: ScheduleOptions) =>
      changeSchedule(context, options, (before) => [
        ...withoutMachines(before, machines),
        windowOf(machines, options, context),
      ]),
    );
}

function cancelCommand(context: CommandContext): Command {
  return withMachines(subcommand('cancel', 'takes machines out of the schedule')).action(
    (machines: readonly string[], options: Options) =>
      changeSchedule(context, options, (before) => withoutMachines(before, machines)),
  );
}

async function changeSchedule(
  context: CommandContext,
  options: Options,
  change: (before: readonly WindowView[]) => readonly WindowView[],
): Promise<void> {
  await using cluster = await openCluster(context, options);
  const { windows } = await readMaintenance(cluster);
  const schedule = scheduleOf(change(windows));
  await cluster.tell({
    type: master.Call_Type.UPDATE_MAINTENANCE_SCHEDULE,
    updateMaintenanceSchedule: { schedule },
  });
  await show(context, await readMaintenance(cluster), options);
}

function windowOf(
  machines: readonly string[],
  { start, duration }: ScheduleOptions,
  { clock }: CommandContext,
): WindowView {
  const startMs = start === undefined ? clock.nowMs() : Date.parse(start);
  if (Number.isNaN(startMs))
    throw new CliError('invalid', `--start ${start} is no time`, { remedy: 'write 2026-12-01T02:00:00Z' });
  const durationMs = duration === undefined ? null : parseDuration(duration);
  return { machines, start_ms: startMs, duration_ms: durationMs };
}

function downCommand(context: CommandContext): Command {
  return withMachines(
    subcommand('down', 'begins the outage: agents of the machines end, and are not let in again'),
  ).action(async (machines: readonly string[], options: Options) => {
    await using cluster = await openCluster(context, options);
    const startMaintenance = { machines: machines.map(machineOf) };
    await cluster.tell({ type: master.Call_Type.START_MAINTENANCE, startMaintenance });
    await show(context, await readMaintenance(cluster), options);
  });
}

function upCommand(context: CommandContext): Command {
  return withMachines(
    subcommand('up', 'ends it: the machines are in use again, and out of the schedule'),
  ).action(async (machines: readonly string[], options: Options) => {
    await using cluster = await openCluster(context, options);
    const stopMaintenance = { machines: machines.map(machineOf) };
    await cluster.tell({ type: master.Call_Type.STOP_MAINTENANCE, stopMaintenance });
    await show(context, await readMaintenance(cluster), options);
  });
}
