/** What an image says of its containers, and what becomes of a specification by it: as Mesos' `docker/runtime`. Pure. */
import type { Command, ContainerSpec } from '../container/spec.ts';
import { AgentError } from '../errors.ts';

export interface ImageConfig {
  environment: Readonly<Record<string, string>>;
  entrypoint: readonly string[];
  arguments: readonly string[];
  /** Default the sandbox. */
  workingDirectory?: string;
  /** Default root. */
  user?: string;
}

interface OciConfig {
  config?: {
    Env?: string[] | null;
    Entrypoint?: string[] | null;
    Cmd?: string[] | null;
    WorkingDir?: string;
    User?: string;
  };
}

/** @param text the configuration blob of an OCI image */
export function parseImageConfig(text: string): ImageConfig {
  const { Env, Entrypoint, Cmd, WorkingDir, User } = (JSON.parse(text) as OciConfig).config ?? {};
  const variables = (Env ?? []).map((line): [string, string] => {
    const end = line.indexOf('=');
    return end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end + 1)];
  });
  return {
    environment: Object.fromEntries(variables),
    entrypoint: Entrypoint ?? [],
    arguments: Cmd ?? [],
    ...(WorkingDir?.startsWith('/') === true && { workingDirectory: WorkingDir }),
    ...(User && { user: User }),
  };
}

/** A command that names a program has nothing of the image's; otherwise the entrypoint is the program, or the first word. */
function commandIn(image: string, command: Command, config: ImageConfig): Command {
  if (command.shell || command.value !== undefined) return command;
  const given = command.arguments ?? [];
  const { entrypoint, arguments: own } = config;
  const [program, ...rest] = entrypoint.length > 0 ? entrypoint : own.slice(0, 1);
  if (program === undefined) {
    const message = `image ${image} has neither entrypoint nor command, and the task has none either`;
    throw new AgentError('InvalidContainer', message);
  }
  const ownRest = entrypoint.length > 0 ? own : own.slice(1);
  return { shell: false, arguments: [program, ...rest, ...(given.length > 0 ? given : ownRest)] };
}

/** @throws AgentError `InvalidContainer` when there is nothing to run */
export function inImage(
  spec: ContainerSpec,
  { rootfs, config }: { rootfs: string; config: ImageConfig },
): ContainerSpec {
  const { workingDirectory, user } = config;
  return {
    ...(user !== undefined && { user }),
    ...(workingDirectory !== undefined && { workingDirectory }),
    ...spec,
    command: commandIn(spec.image?.name ?? '', spec.command, config),
    environment: { ...config.environment, ...spec.environment },
    linux: { ...spec.linux, rootfs: { path: rootfs } },
  };
}
