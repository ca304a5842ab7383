/** What the Engine API says of containers and images, read with care: it is another program's JSON. */
import { isSecretName, maskedValue } from '@orchestrator/runtime/secrets';
import { maskUrlPasswords, parseCommandLine } from '../process/parse.ts';

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly created: string;
  readonly command: string;
  readonly state: string;
  readonly health: string | undefined;
  /** 0 if it does not run. */
  readonly pid: number;
  readonly startedAt: string;
  /** Undefined where only its end is known. */
  readonly exitCode: number | undefined;
  readonly restartCount: number;
  readonly imageId: string;
  readonly imageName: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly networkMode: string;
  readonly networks: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly string[];
  readonly mounts: readonly string[];
  readonly tty: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** `sha256:` is what every image id begins with. */
export const shortImageId = (id: string): string => id.replace(/^sha256:/, '');

function shownValue(name: string, value: string, showSecrets: boolean): string {
  if (showSecrets) return value;
  return isSecretName(name) ? maskedValue : maskUrlPasswords(value);
}

/** Labels by name, with the values of secret names masked unless they are to be shown. */
export function parseLabels(labels: unknown, showSecrets: boolean): Record<string, string> {
  const shown = Object.entries(objectOf(labels)).map(([name, value]): [string, string] => [
    name,
    shownValue(name, textOf(value), showSecrets),
  ]);
  return Object.fromEntries(shown);
}

/** `NAME=value` lines, with the values of secret names masked unless they are to be shown. */
export function parseEnvironment(lines: readonly unknown[], showSecrets: boolean): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const line of lines.map(textOf)) {
    const at = line.indexOf('=');
    if (at <= 0) continue;
    const name = line.slice(0, at);
    environment[name] = shownValue(name, line.slice(at + 1), showSecrets);
  }
  return environment;
}

function portsOf(ports: unknown): string[] {
  return Object.entries(objectOf(ports)).flatMap(([port, bindings]) => {
    const published = listOf(bindings).map(objectOf);
    if (published.length === 0) return [port];
    return published.map((binding) => `${textOf(binding.HostIp)}:${textOf(binding.HostPort)}->${port}`);
  });
}

const mountOf = (mount: Json): string =>
  `${textOf(mount.Name) || textOf(mount.Source)}:${textOf(mount.Destination)}${mount.RW === false ? ':ro' : ''}`;

/** The answer to `GET /containers/<id>/json`; undefined if it has no id. */
export function parseContainer(
  json: unknown,
  { showSecrets }: { showSecrets: boolean },
): Container | undefined {
  const root = objectOf(json);
  const id = textOf(root.Id);
  if (id === '') return undefined;
  const [state, config, network] = [
    objectOf(root.State),
    objectOf(root.Config),
    objectOf(root.NetworkSettings),
  ];
  const networks = Object.entries(objectOf(network.Networks));
  const health = textOf(objectOf(state.Health).Status);
  const words = [textOf(root.Path), ...listOf(root.Args).map(textOf)];
  return {
    id,
    name: textOf(root.Name).replace(/^\//, ''),
    created: textOf(root.Created),
    command: parseCommandLine(words.join('\0'), showSecrets),
    state: textOf(state.Status) || 'unknown',
    health: health === '' || health === 'none' ? undefined : health,
    pid: numberOf(state.Pid),
    startedAt: textOf(state.StartedAt),
    exitCode: numberOf(state.ExitCode),
    restartCount: numberOf(root.RestartCount),
    imageId: shortImageId(textOf(root.Image)),
    imageName: textOf(config.Image),
    hostname: textOf(config.Hostname),
    labels: parseLabels(config.Labels, showSecrets),
    environment: parseEnvironment(listOf(config.Env), showSecrets),
    networkMode: textOf(objectOf(root.HostConfig).NetworkMode),
    networks: networks.map(([name]) => name),
    addresses: networks.flatMap(([, settings]) => {
      const { IPAddress, GlobalIPv6Address } = objectOf(settings);
      return [textOf(IPAddress), textOf(GlobalIPv6Address)].filter((address) => address !== '');
    }),
    ports: portsOf(network.Ports),
    mounts: listOf(root.Mounts).map(objectOf).map(mountOf),
    tty: config.Tty === true,
  };
}

export interface DockerEvent {
  readonly type: string;
  readonly action: string;
  readonly id: string;
  /** Of a network's event: the container that was connected or disconnected. */
  readonly containerId?: string;
}

/** One line of `GET /events`; undefined for what is none. */
export function parseEvent(line: string): DockerEvent | undefined {
  try {
    const json = objectOf(JSON.parse(line));
    const actor = objectOf(json.Actor);
    const [id, type] = [textOf(actor.ID), textOf(json.Type)];
    const containerId = type === 'network' ? textOf(objectOf(actor.Attributes).container) : '';
    // `exec_create: sh -c ...`: what follows the colon is the command.
    const action = textOf(json.Action).split(':', 1)[0] ?? '';
    if (id === '' || action === '') return undefined;
    return { type, action, id, ...(containerId === '' ? {} : { containerId }) };
  } catch {
    return undefined; // a broken line is followed by good ones
  }
}
