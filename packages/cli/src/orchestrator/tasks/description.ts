/** From the options of `run` to what a framework asks for. Pure. */
import {
  ContainerInfo_DockerInfo_Network,
  ContainerInfo_Type,
  FrameworkInfo_Capability_Type,
  type OfferValid,
  type Resource,
  Resources,
} from '@orchestrator/mesos';
import { CliError } from '../../program/errors.ts';

export interface TaskDescription {
  readonly name: string;
  /** For a shell; `undefined` with `argv`, and for what an image does by itself. */
  readonly command: string | undefined;
  readonly argv: readonly string[];
  readonly resources: Resources;
  readonly role: string;
  readonly user: string | undefined;
  readonly dockerImage: string | undefined;
  /** `host`, `bridge`, `none`, or the name of one. */
  readonly network: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly killGraceMs: number | undefined;
}

/** Marks frameworks that `run` has registered: they have a single task, and may be taken over to end it. */
export const runLabel = 'orchestrator.run';

const capabilities = [
  FrameworkInfo_Capability_Type.MULTI_ROLE,
  FrameworkInfo_Capability_Type.PARTITION_AWARE,
  FrameworkInfo_Capability_Type.TASK_KILLING_STATE,
  FrameworkInfo_Capability_Type.RESERVATION_REFINEMENT,
];

export interface FrameworkOptions {
  readonly description: TaskDescription;
  /** Who starts it, where the task names nobody. */
  readonly user: string;
  readonly principal: string | undefined;
  readonly failoverTimeoutS: number;
}

export function frameworkInfoOf({ description, user, principal, failoverTimeoutS }: FrameworkOptions) {
  const { name, role, resources } = description;
  const gpus = resources.quantity('gpus') > 0 ? [FrameworkInfo_Capability_Type.GPU_RESOURCES] : [];
  return {
    ...{ user: description.user ?? user, name, roles: [role], failoverTimeout: failoverTimeoutS },
    // So that the task survives a restart of its agent.
    checkpoint: true,
    capabilities: [...capabilities, ...gpus].map((type) => ({ type })),
    labels: { labels: [{ key: runLabel, value: 'true' }] },
    ...(principal === undefined ? {} : { principal }),
  };
}

const networks: Readonly<Record<string, ContainerInfo_DockerInfo_Network>> = {
  host: ContainerInfo_DockerInfo_Network.HOST,
  bridge: ContainerInfo_DockerInfo_Network.BRIDGE,
  none: ContainerInfo_DockerInfo_Network.NONE,
};

function containerOf({ dockerImage: image, network = 'host' }: TaskDescription) {
  if (image === undefined) return {};
  const known = networks[network];
  const docker = { image, network: known ?? ContainerInfo_DockerInfo_Network.USER };
  const networkInfos = known === undefined ? [{ name: network }] : [];
  return { container: { type: ContainerInfo_Type.DOCKER, docker, networkInfos } };
}

function commandOf({ command, argv, dockerImage, user, environment }: TaskDescription) {
  const [program] = argv;
  // Mesos gives an image its value and then all arguments; elsewhere the first of these is what the program is called.
  const args = dockerImage === undefined ? argv : argv.slice(1);
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value }));
  return {
    ...(command !== undefined && { shell: true, value: command }),
    ...(command === undefined && { shell: false }),
    ...(command === undefined && program !== undefined && { value: program, arguments: [...args] }),
    ...(user === undefined ? {} : { user }),
    ...(variables.length > 0 && { environment: { variables } }),
  };
}

/** The task on the resources of an offer that were chosen for it. */
export function taskInfoOf(description: TaskDescription, id: string, offer: OfferValid, chosen: Resources) {
  const { name, killGraceMs } = description;
  const gracePeriod = { nanoseconds: BigInt(killGraceMs ?? 0) * 1_000_000n };
  return {
    ...{ name, taskId: { value: id }, agentId: offer.agentId, resources: chosen.toMessages() },
    command: commandOf(description),
    ...containerOf(description),
    ...(killGraceMs === undefined ? {} : { killPolicy: { gracePeriod } }),
  };
}

/**
 * Of what is offered, as much as is wanted of each name, from one kind each: what is reserved before what is not.
 * `undefined` when it is not enough.
 */
export function chooseFrom(offered: readonly Resource[], wanted: Resources): Resources | undefined {
  let left = Resources.from(offered);
  let chosen = Resources.none;
  for (const { kind: wish } of wanted) {
    const part = wanted.filter((kind) => kind === wish);
    const kinds = [...left]
      .map(({ kind }) => kind)
      .filter(({ name, disk }) => name === wish.name && disk === undefined);
    const ordered = kinds.sort((a, b) => b.reservations.length - a.reservations.length);
    const fitting = ordered.map((kind) => part.mapKinds(() => kind)).find((each) => left.contains(each));
    if (fitting === undefined) return undefined;
    left = left.minus(fitting);
    chosen = chosen.plus(fitting);
  }
  return chosen;
}

/** @throws CliError `invalid` */
export function parseEnvironment(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw new CliError('invalid', `--env ${pair} is not NAME=value`, { remedy: 'write --env=LEVEL=debug' });
  });
  return Object.fromEntries(entries);
}
