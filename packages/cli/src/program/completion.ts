/** Completion scripts, generated from the commands themselves. */
import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Node {
  /** Words that lead to it, without the program's name. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly summary: string;
    readonly takesValue: boolean;
  }[];
}

const visible = (command: Command) => command.commands.filter((child) => child.name() !== 'help');

function nodesOf(command: Command, words: readonly string[] = []): Node[] {
  const own: Node = {
    words,
    summary: command.summary() || command.description(),
    subcommands: visible(command).map((child) => ({
      name: child.name(),
      summary: child.summary() || child.description(),
    })),
    options: command.options
      .filter((option) => option.long !== undefined && !option.hidden)
      .map((option) => ({
        flag: option.long ?? '',
        summary: option.description,
        takesValue: option.required || option.optional,
      })),
  };
  return [own, ...visible(command).flatMap((child) => nodesOf(child, [...words, child.name()]))];
}

/** Flags whose next word is their value, not a command. */
const valuedFlags = (nodes: readonly Node[]): string[] => [
  ...new Set(nodes.flatMap((node) => node.options.filter((o) => o.takesValue).map((o) => o.flag))),
];

function bash(name: string, nodes: readonly Node[]): string {
  const cases = nodes.map((node) => {
    const words = [
      ...node.subcommands.map((child) => child.name),
      ...node.options.map(({ flag }) => flag),
      '--help',
    ];
    return `    '${node.words.join(' ')}') words='${words.join(' ')}' ;;`;
  });
  const valued = valuedFlags(nodes);
  return `# bash completion of ${name}; load it with: source <(${name} completion bash)
_${name.replaceAll('-', '_')}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' word words='' skip=''
  case $previous in ${valued.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;; esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $skip:$word in 1:*) skip='' ;; ${valued.map((flag) => `:${flag}`).join('|')}) skip=1 ;; :-*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name.replaceAll('-', '_')} ${name}
`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const bracketed = (text: string) => text.replace(/[[\]:]/g, (sign) => `\\${sign}`);

function zsh(name: string, nodes: readonly Node[]): string {
  const cases = nodes.map((node) => {
    const children = node.subcommands.map((child) => quoted(`${child.name}:${child.summary}`)).join(' ');
    const flags = node.options
      .map((o) =>
        quoted(
          `${o.flag}${o.takesValue ? '=' : ''}[${bracketed(o.summary)}]${o.takesValue ? ':value:_files' : ''}`,
        ),
      )
      .join(' ');
    return `    ${quoted(node.words.join(' '))}) children=(${children}); flags=(${flags}) ;;`;
  });
  const valued = valuedFlags(nodes);
  return `#compdef ${name}
# zsh completion; load it with: source <(${name} completion zsh)
_${name}() {
  local -a children flags path
  local word skip=''
  for word in \${words[2,CURRENT-1]}; do
    case $skip:$word in 1:*) skip='' ;; ${valued.map((flag) => `:${flag}`).join('|')}) skip=1 ;; :-*) ;; *) path+=($word) ;; esac
  done
  case "\${path[*]}" in
${cases.join('\n')}
  esac
  (( \${#children} )) && _describe command children
  (( \${#flags} )) && _arguments $flags
}
compdef _${name} ${name}
`;
}

function fish(name: string, nodes: readonly Node[]): string {
  const lines = nodes.flatMap((node) => {
    const seen = node.words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const condition = node.words.length === 0 ? '__fish_use_subcommand' : seen;
    return [
      ...node.subcommands.map(
        (child) =>
          `complete -c ${name} -n ${quoted(condition)} -f -a ${child.name} -d ${quoted(child.summary)}`,
      ),
      ...node.options.map(
        (o) =>
          `complete -c ${name} -n ${quoted(condition)} -l ${o.flag.slice(2)}${o.takesValue ? ' -r' : ''} -d ${quoted(o.summary)}`,
      ),
    ];
  });
  return `# fish completion; load it with: ${name} completion fish | source\n${lines.join('\n')}\n`;
}

export function completionScript(program: Command, shell: Shell): string {
  const write = { bash, zsh, fish }[shell];
  return write(program.name(), nodesOf(program));
}
