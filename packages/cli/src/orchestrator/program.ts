/** The command `orchestrator`: what there is. */
import { Command } from 'commander';
import { completionCommand } from '../program/completion-command.ts';
import type { CommandContext } from '../program/context.ts';
import { assembleProgram, type CommandGroups } from '../program/run.ts';
import { version } from '../program/version.ts';
import { clusterCommand } from './commands/cluster.ts';
import { agentCommand, masterCommand, monitorCommand, probeCommand } from './commands/daemons.ts';
import { drainCommand } from './commands/drain.ts';
import { killCommand, teardownCommand } from './commands/endings.ts';
import { execCommand } from './commands/exec.ts';
import { explainCommand } from './commands/explain.ts';
import { leaderCommand } from './commands/leader.ts';
import {
  agentsCommand,
  frameworksCommand,
  offersCommand,
  rolesCommand,
  tasksCommand,
} from './commands/lists.ts';
import { logsCommand } from './commands/logs.ts';
import { maintenanceCommand } from './commands/maintenance.ts';
import { runCommand } from './commands/run.ts';
import { quotaCommand, weightsCommand } from './commands/shares.ts';
import { exitCodeRows } from './exit-codes.ts';

const introduction = `Runs and operates clusters that speak Mesos: masters, agents, tasks.

A cluster in short:
  orchestrator cluster up --masters 3 --agents 2        all of it on this machine; Ctrl-C ends it
  orchestrator run --command='echo hello'               one task, its output here
  orchestrator tasks                                    what runs where
  orchestrator explain --resources='cpus:8;mem:65536'   would it fit, and what is in the way`;

const epilogue = `
Exit codes:
${exitCodeRows.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')}
  run and exec end with the exit code of what they have run.

Environment:
  ORCHESTRATOR_MASTER      where the masters are, as --master
  ORCHESTRATOR_PRINCIPAL, ORCHESTRATOR_SECRET, ORCHESTRATOR_TOKEN, ORCHESTRATOR_CA_FILE
                           who asks, and whom to trust
  ORCHESTRATOR_WORK_DIR    state of the local cluster
  ORCHESTRATOR_ETC         folder of the flag files of masters and agents; /etc
  NO_COLOR                 no colours`;

export function createOrchestrator(context: CommandContext): Command {
  const program = new Command('orchestrator').enablePositionalOptions();
  const groups: CommandGroups = [
    ['On this machine:', [clusterCommand(context)]],
    ['Tasks:', [runCommand(context), logsCommand(context), execCommand(context), killCommand(context)]],
    [
      'What there is:',
      [
        tasksCommand(context),
        agentsCommand(context),
        frameworksCommand(context),
        offersCommand(context),
        rolesCommand(context),
        explainCommand(context),
        leaderCommand(context),
      ],
    ],
    [
      'Operating it:',
      [
        drainCommand(context),
        maintenanceCommand(context),
        quotaCommand(context),
        weightsCommand(context),
        teardownCommand(context),
      ],
    ],
    [
      'Daemons:',
      [masterCommand(context), agentCommand(context), monitorCommand(context), probeCommand(context)],
    ],
  ];
  const completion = completionCommand(context, 'orchestrator', () => program);
  program.description(introduction).version(version).addHelpText('after', epilogue);
  return assembleProgram(program, context, [...groups, ['Shell:', [completion]]]);
}
