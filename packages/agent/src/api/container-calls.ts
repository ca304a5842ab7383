/** Calls that start, end and wait for containers inside those of tasks, and beside them. */
import {
  type CommandInfoValid,
  type ContainerIDValid,
  type ContainerInfoValid,
  type Exchange,
  encodeBody,
  HttpRefusal,
  makeMessage,
  mediaTypes,
  agent as protocol,
  type ResourceValid,
  sendBody,
  sendText,
} from '@orchestrator/mesos';
import type { WindowSize } from '../container/runtime.ts';
import { argvOf } from '../container/spec.ts';
import { waitStatus } from '../core/ends.ts';
import type { AgentState } from '../core/records.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { commandWords, standaloneSpec, variablesOf } from '../launch/container-spec.ts';
import type { LaunchNested } from '../service/nested-containers.ts';
import { containerAround, keyOf, requireContainerId, requirePermission } from './container-ids.ts';
import type { Media } from './media.ts';
import type { ApiPlace } from './place.ts';

type Call = protocol.CallValid;

export interface ContainerCall {
  place: ApiPlace;
  state: AgentState;
  exchange: Exchange;
  call: Call;
  /** Of the answer. */
  media: Media;
}

const sigkill = 9;

interface LaunchRequest {
  containerId: ContainerIDValid;
  command?: CommandInfoValid | undefined;
  container?: ContainerInfoValid | undefined;
  resources?: readonly ResourceValid[];
}

const notFound = (containerId: ContainerIDValid, more = '') =>
  new HttpRefusal(404, `Container ${keyOf(containerId)} cannot be found${more}`);

function sizeOf({ ttyInfo }: ContainerInfoValid): WindowSize | undefined {
  const size = ttyInfo?.windowSize;
  return size && { rows: size.rows, columns: size.columns };
}

/** What is to be run inside another container. @throws HttpRefusal 400 */
export function nestedOf(place: ApiPlace, request: LaunchRequest): LaunchNested {
  const { containerId, command, container } = request;
  const within = containerAround(place, containerId);
  if (within === undefined) {
    throw new HttpRefusal(400, `Parent container ${keyOf(containerId)} does not run`);
  }
  if (command === undefined) throw new HttpRefusal(400, 'A nested container needs a command');
  if (command.uris.length > 0) throw new HttpRefusal(400, 'URIs of nested containers are not supported');
  if (container?.mesos?.image !== undefined || container?.docker !== undefined) {
    throw new HttpRefusal(400, 'The provided ContainerInfo is not supported');
  }
  const size = container && sizeOf(container);
  return {
    ...{ id: keyOf(containerId), within, argv: argvOf(commandWords(command)) },
    environment: variablesOf(command.environment),
    ...(command.user !== '' && { user: command.user }),
    tty: container?.ttyInfo !== undefined,
    ...(size !== undefined && { windowSize: size }),
  };
}

/** Whoever it runs as, and whose container it is in, both count. @throws HttpRefusal 403 */
export function requireLaunch(request: ContainerCall, launch: LaunchRequest, isSession: boolean): void {
  const { place, state, exchange } = request;
  const { principal } = exchange;
  const action = isSession ? 'launch_nested_container_session' : 'launch_nested_container';
  const { acls } = place.config;
  const user = launch.command?.user || undefined;
  if (user !== undefined && launch.containerId.parent !== undefined && !acls.permits(action, principal, user))
    throw new HttpRefusal(403, '');
  const containerId = launch.containerId;
  const standalone = 'launch_standalone_container';
  requirePermission(place, { state, principal, containerId, action: `${action}_under`, standalone });
  place.audit(
    isSession ? 'LAUNCH_NESTED_CONTAINER_SESSION' : 'LAUNCH_CONTAINER',
    principal,
    keyOf(containerId),
  );
}

async function launchStandalone({ place }: ContainerCall, request: LaunchRequest): Promise<number> {
  const { value } = request.containerId;
  if (place.containerizer.containers().includes(value)) return 202;
  const { command, container, resources = [] } = request;
  if (command === undefined) throw new HttpRefusal(400, 'A standalone container needs a command');
  const { workDir, switchUser, allowPrivileged } = place.config;
  await place.standalone.launch(value, (sandboxPath) =>
    standaloneSpec(
      { containerId: value, command, container, resources },
      { sandboxPath, workDir, switchUser, allowPrivileged, environment: {} },
    ),
  );
  return 200;
}

async function launchNested({ place }: ContainerCall, request: LaunchRequest): Promise<number> {
  const nested = nestedOf(place, request);
  if (place.nested.has(nested.id)) return 202;
  await place.nested.launch({ ...nested, sandboxPath: await place.nestedSandbox(nested.within, nested.id) });
  return 200;
}

/** @throws HttpRefusal for what was wrong with the request, with the reason */
export async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new HttpRefusal(error.code === 'RuntimeUnavailable' ? 503 : 400, reasonOf(error));
  }
}

export async function launchContainer(request: ContainerCall): Promise<void> {
  const { call, exchange } = request;
  const launch = call.launchContainer ?? call.launchNestedContainer;
  if (launch === undefined) return;
  requireContainerId(launch.containerId, 'launch_container.container_id');
  if (call.launchNestedContainer !== undefined) requireParent(launch.containerId, 'launch_nested_container');
  requireLaunch(request, launch, false);
  const isNested = launch.containerId.parent !== undefined;
  const status = await refusing((isNested ? launchNested : launchStandalone)(request, launch));
  sendText(exchange.response, status);
}

/** @throws HttpRefusal 400 */
export function requireParent({ parent }: ContainerIDValid, field: string): void {
  if (parent !== undefined) return;
  const text = `Expecting '${field}.container_id.parent' to be present`;
  throw new HttpRefusal(400, `Failed to validate agent::Call: ${text}`);
}

interface End {
  exitStatus: number;
  message: string;
}

async function endOf(place: ApiPlace, containerId: ContainerIDValid): Promise<End> {
  if (containerId.parent === undefined || !place.nested.has(keyOf(containerId))) {
    if (!place.containerizer.containers().includes(containerId.value)) throw notFound(containerId);
    const { exitCode, message } = await place.containerizer.wait(containerId.value);
    return { exitStatus: waitStatus(exitCode), message };
  }
  const end = await place.nested.wait(keyOf(containerId));
  if (end === undefined) throw notFound(containerId);
  return { exitStatus: waitStatus(end.exitCode ?? 128 + sigkill), message: end.message };
}

export async function waitContainer({ place, state, exchange, call, media }: ContainerCall): Promise<void> {
  const wait = call.waitContainer ?? call.waitNestedContainer;
  if (wait === undefined) return;
  const { containerId } = wait;
  requireContainerId(containerId, 'wait_container.container_id');
  if (call.waitNestedContainer !== undefined) requireParent(containerId, 'wait_nested_container');
  const { principal, response } = exchange;
  const [action, standalone] = ['wait_nested_container', 'wait_standalone_container'] as const;
  requirePermission(place, { state, principal, containerId, action, standalone });
  const end = await endOf(place, containerId);
  const { Response_Type: type } = protocol;
  const isOld = call.waitNestedContainer !== undefined;
  const answer = isOld
    ? { type: type.WAIT_NESTED_CONTAINER, waitNestedContainer: end }
    : { type: type.WAIT_CONTAINER, waitContainer: end };
  const message = makeMessage(protocol.ResponseSchema, answer);
  sendBody(response, mediaTypes[media.format], encodeBody(media.format, protocol.ResponseSchema, message));
}

export async function killContainer({ place, state, exchange, call }: ContainerCall): Promise<void> {
  const kill = call.killContainer ?? call.killNestedContainer;
  if (kill === undefined) return;
  const { containerId } = kill;
  requireContainerId(containerId, 'kill_container.container_id');
  if (call.killNestedContainer !== undefined) requireParent(containerId, 'kill_nested_container');
  const { principal, response } = exchange;
  const [action, standalone] = ['kill_nested_container', 'kill_standalone_container'] as const;
  requirePermission(place, { state, principal, containerId, action, standalone });
  place.audit('KILL_CONTAINER', principal, keyOf(containerId));
  const signal = kill.signal || sigkill;
  if (containerId.parent !== undefined) {
    const found = await place.nested.kill(keyOf(containerId), signal);
    if (!found) throw notFound(containerId, ' (or is already killed)');
  } else if (place.containerizer.status(containerId.value) !== undefined) {
    // Those of executors and tasks too: their frameworks are told.
    place.containerizer.kill(containerId.value, signal === sigkill ? { graceMs: 0 } : {});
  } else {
    throw notFound(containerId, ' (or is already killed)');
  }
  sendText(response, 200);
}

export async function removeContainer({ place, state, exchange, call }: ContainerCall): Promise<void> {
  const remove = call.removeContainer ?? call.removeNestedContainer;
  if (remove === undefined) return;
  const { containerId } = remove;
  requireContainerId(containerId, 'remove_container.container_id');
  if (call.removeNestedContainer !== undefined) requireParent(containerId, 'remove_nested_container');
  const { principal, response } = exchange;
  const [action, standalone] = ['remove_nested_container', 'remove_standalone_container'] as const;
  requirePermission(place, { state, principal, containerId, action, standalone });
  place.audit('REMOVE_CONTAINER', principal, keyOf(containerId));
  const isGone =
    containerId.parent === undefined
      ? !place.standalone.has(containerId.value) || (await place.standalone.remove(containerId.value))
      : place.nested.remove(keyOf(containerId));
  if (!isGone) throw new HttpRefusal(500, `Container ${keyOf(containerId)} is still running`);
  if (containerId.parent !== undefined) await place.removeNestedSandbox(keyOf(containerId));
  sendText(response, 200);
}
