import { Argument, Command } from 'commander';
import { completionScript, type Shell, shells } from './completion.ts';
import type { CommandContext } from './context.ts';
import { examples } from './options.ts';

/** `completion SHELL` of the program called `name`. */
export function completionCommand(context: CommandContext, name: string, program: () => Command): Command {
  return new Command('completion')
    .summary('a completion script for your shell')
    .description('Prints a script that completes commands and options.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      examples(
        [`source <(${name} completion bash)`, 'bash; for good: into ~/.bashrc'],
        [`source <(${name} completion zsh)`, 'zsh'],
        [`${name} completion fish | source`, 'fish'],
      ),
    )
    .action((shell: Shell) => context.terminal.out(completionScript(program(), shell).trimEnd()));
}
