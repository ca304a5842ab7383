/** ACCEPT and DECLINE. Whatever an ACCEPT does not use is free again, with its filter. */
import {
  applyOperation,
  conversionsOf,
  Offer_Operation_Type,
  type Offer_OperationValid,
  Resources,
  type scheduler,
  type TaskInfoValid,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import type { AuthorizedAction } from './authorizer.ts';
import { log, type MasterContext } from './context.ts';
import { refuseMsOf } from './filters.ts';
import { count } from './framework-figures.ts';
import { giveBack } from './holdings.ts';
import { type AcceptPlace, launchGroup, launchTasks, normalize } from './launch.ts';
import { discardOffer, rescindOffer, takeOffer } from './offers.ts';
import { operationError } from './operation-validation.ts';
import { refuseOperation, startOperation } from './operations.ts';
import type { FrameworkRecord, OfferRecord } from './records.ts';
import { refuseTask } from './statuses.ts';

function offersError(
  context: MasterContext,
  framework: FrameworkRecord,
  ids: readonly string[],
): string | undefined {
  if (ids.length === 0) return 'No offers specified';
  const duplicate = ids.find((id, index) => ids.indexOf(id) < index);
  if (duplicate !== undefined) return `Duplicate offer ${duplicate} in offer list`;
  const offers: OfferRecord[] = [];
  for (const id of ids) {
    const offer = context.state.offers.get(id);
    if (offer === undefined) return `Offer ${id} is no longer valid`;
    offers.push(offer);
  }
  const [first] = offers;
  for (const offer of offers) {
    if (offer.frameworkId !== framework.id) {
      return `Offer ${offer.id} has invalid framework ${offer.frameworkId} while framework ${framework.id} is expected`;
    }
    if (offer.role !== first?.role) {
      return `Aggregated offers must be allocated to the same role. Offer ${offer.id} uses role '${offer.role} but another is using role '${first?.role}`;
    }
    if (offer.agentId !== first.agentId) {
      return `Aggregated offers must belong to one single agent. Offer ${offer.id} uses agent ${offer.agentId} and agent ${first.agentId}`;
    }
  }
  return undefined;
}

function tasksOf(operation: Offer_OperationValid): readonly TaskInfoValid[] | undefined {
  if (operation.type === Offer_Operation_Type.LAUNCH) return operation.launch?.taskInfos ?? [];
  if (operation.type === Offer_Operation_Type.LAUNCH_GROUP)
    return operation.launchGroup?.taskGroup.tasks ?? [];
  return undefined;
}

/** Nothing of the call is done; every task and operation in it is answered for. */
function refuseAll(
  context: MasterContext,
  framework: FrameworkRecord,
  operations: readonly Offer_OperationValid[],
  error: string,
): void {
  for (const operation of operations) {
    const tasks = tasksOf(operation);
    if (tasks === undefined) {
      refuseOperation(context, framework, operation, `Operation attempted with invalid offers: ${error}`);
      continue;
    }
    for (const task of tasks) {
      refuseTask(context, framework, {
        taskId: task.taskId.value,
        agentId: task.agentId.value,
        state: TaskState.TASK_DROPPED,
        reason: TaskStatus_Reason.INVALID_OFFERS,
        message: `Task launched with invalid offers: ${error}`,
      });
    }
  }
}

export function accept(
  context: MasterContext,
  framework: FrameworkRecord,
  call: scheduler.Call_AcceptValid,
): void {
  const ids = call.offerIds.map(({ value }) => value);
  const error = offersError(context, framework, ids);
  const offers = ids.flatMap((id) => context.state.offers.get(id) ?? []);
  if (error !== undefined) {
    for (const offer of offers) if (offer.frameworkId === framework.id) discardOffer(context, offer);
    log(context, 'warn', 'ACCEPT with invalid offers', { frameworkId: framework.id, error });
    refuseAll(context, framework, call.operations, error);
    return;
  }
  const [first] = offers;
  const agent = first && context.state.agents.get(first.agentId);
  if (first === undefined || agent === undefined) return;
  for (const offer of offers) takeOffer(context, offer);
  const place: AcceptPlace = { framework, agent, role: first.role };
  const books = new AcceptBooks(Resources.sum(offers.map((offer) => offer.resources)));
  for (const operation of call.operations) carryOut(context, place, operation, books);
  context.counters.add('master/offers_accepted', offers.length);
  framework.figures.offers.accepted += offers.length;
  giveBack(context, framework.id, agent.id, books.unused, refuseMsOf(call.filters));
}

/** What an ACCEPT still has at hand. */
class AcceptBooks {
  remaining: Resources;
  /** Made by resizing a volume: for the next offer, not for what follows in this call. */
  setAside = Resources.none;

  constructor(offered: Resources) {
    this.remaining = offered;
  }

  get unused(): Resources {
    return this.remaining.plus(this.setAside);
  }
}

function carryOut(
  context: MasterContext,
  place: AcceptPlace,
  operation: Offer_OperationValid,
  books: AcceptBooks,
): void {
  const { type } = operation;
  count(place.framework.figures.operations, type);
  if (type === Offer_Operation_Type.LAUNCH || type === Offer_Operation_Type.LAUNCH_GROUP) {
    if (operation.id !== undefined) {
      refuseLaunchWithId(context, place.framework, operation);
      return;
    }
    if (type === Offer_Operation_Type.LAUNCH) context.counters.add('master/messages_launch_tasks');
    const launch = type === Offer_Operation_Type.LAUNCH ? launchTasks : launchGroup;
    books.remaining = launch(context, place, operation, books.remaining);
    return;
  }
  if (type === Offer_Operation_Type.UNKNOWN) {
    log(context, 'warn', 'unknown operation ignored');
    return;
  }
  const error = feedbackError(place, operation) ?? prepare(context, place, operation);
  if (error !== undefined) {
    refuseOperation(context, place.framework, operation, error);
    return;
  }
  convert(context, place, operation, books);
}

function refuseLaunchWithId(
  context: MasterContext,
  framework: FrameworkRecord,
  operation: Offer_OperationValid,
): void {
  const isGroup = operation.type === Offer_Operation_Type.LAUNCH_GROUP;
  const message = `The \`id\` field cannot be set on ${isGroup ? 'LAUNCH_GROUP' : 'LAUNCH'} operations`;
  const reason = isGroup ? TaskStatus_Reason.TASK_GROUP_INVALID : TaskStatus_Reason.TASK_INVALID;
  for (const task of tasksOf(operation) ?? []) {
    const facts = { taskId: task.taskId.value, agentId: task.agentId.value };
    refuseTask(context, framework, { ...facts, state: TaskState.TASK_ERROR, reason, message });
  }
}

/** An operation with an id wants to be told of: not everybody can. */
function feedbackError(
  { framework, agent }: AcceptPlace,
  operation: Offer_OperationValid,
): string | undefined {
  if (operation.id === undefined) return undefined;
  if (framework.connection?.kind === 'driver') {
    return "The 'id' field was set in an offer operation, but operation feedback is not supported for the SchedulerDriver API";
  }
  if (!agent.capabilities.has('RESOURCE_PROVIDER')) {
    return `Operation requested feedback, but agent ${agent.id} does not have the required RESOURCE_PROVIDER capability`;
  }
  if (!agent.capabilities.has('AGENT_OPERATION_FEEDBACK')) {
    return `Operation on agent default resources requested feedback, but agent ${agent.id} does not have the required AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities`;
  }
  return undefined;
}

const authorizedActions: Partial<Record<Offer_Operation_Type, AuthorizedAction>> = {
  [Offer_Operation_Type.RESERVE]: 'reserve_resources',
  [Offer_Operation_Type.UNRESERVE]: 'unreserve_resources',
  [Offer_Operation_Type.CREATE]: 'create_volume',
  [Offer_Operation_Type.DESTROY]: 'destroy_volume',
  [Offer_Operation_Type.GROW_VOLUME]: 'resize_volume',
  [Offer_Operation_Type.SHRINK_VOLUME]: 'resize_volume',
};

export function resourcesOf(operation: Offer_OperationValid) {
  const { reserve, unreserve, create, destroy, growVolume, shrinkVolume } = operation;
  return [
    ...(reserve?.resources ?? []),
    ...(reserve?.source ?? []),
    ...(unreserve?.resources ?? []),
    ...(create?.volumes ?? []),
    ...(destroy?.volumes ?? []),
    ...(growVolume === undefined ? [] : [growVolume.volume, growVolume.addition]),
    ...(shrinkVolume === undefined ? [] : [shrinkVolume.volume]),
  ];
}

/** Brings the operation into the core's form, and says why it cannot be done. */
function prepare(
  context: MasterContext,
  place: AcceptPlace,
  operation: Offer_OperationValid,
): string | undefined {
  const { framework, agent, role } = place;
  normalize(resourcesOf(operation), role);
  const principal = framework.info.principal === '' ? undefined : framework.info.principal;
  const error = operationError(operation, { agent, framework, principal });
  if (error !== undefined) return `${error}; on agent ${describeAgent(agent)}`;
  const action = authorizedActions[operation.type];
  if (action === undefined) return undefined;
  const refused = authorizedObjects(operation).find(
    (object) => !context.options.authorizer(principal, action, object),
  );
  if (refused === undefined) return undefined;
  return `Principal '${principal ?? ''}' no authorized to ${action} of '${refused}'`;
}

/** Roles where something is made, principals where something of theirs is taken away. */
function authorizedObjects({ type, unreserve, destroy, ...operation }: Offer_OperationValid): string[] {
  const { UNRESERVE, DESTROY } = Offer_Operation_Type;
  if (type === UNRESERVE) {
    return (unreserve?.resources ?? []).map(({ reservations }) => reservations.at(-1)?.principal ?? '');
  }
  if (type === DESTROY) return (destroy?.volumes ?? []).map(({ disk }) => disk?.persistence?.principal ?? '');
  const { reserve, create, growVolume, shrinkVolume } = operation;
  const resources = [
    ...(reserve?.resources ?? []),
    ...(create?.volumes ?? []),
    ...(growVolume === undefined ? [] : [growVolume.volume]),
    ...(shrinkVolume === undefined ? [] : [shrinkVolume.volume]),
  ];
  return resources.map(({ reservations, role }) => reservations.at(-1)?.role ?? role);
}

export const describeAgent = (agent: AcceptPlace['agent']) =>
  `${agent.id} at ${agent.pid} (${agent.info.hostname})`;

function convert(
  context: MasterContext,
  { framework, agent, role }: AcceptPlace,
  operation: Offer_OperationValid,
  books: AcceptBooks,
): void {
  let after: Resources;
  try {
    after = applyOperation(books.remaining, operation);
  } catch (error) {
    refuseOperation(context, framework, operation, error instanceof Error ? error.message : String(error));
    return;
  }
  const conversions = conversionsOf(operation);
  if (operation.type === Offer_Operation_Type.DESTROY) rescindVolumes(context, agent, operation);
  startOperation(context, agent, framework, operation);
  for (const { consumed, converted } of conversions) {
    context.allocator.convert(framework.id, role, agent.id, {
      consumed: consumed.allocatedTo(undefined),
      converted: converted.allocatedTo(undefined),
    });
  }
  const resizes =
    operation.type === Offer_Operation_Type.GROW_VOLUME ||
    operation.type === Offer_Operation_Type.SHRINK_VOLUME;
  if (!resizes) {
    books.remaining = after;
    return;
  }
  for (const { consumed, converted } of conversions) {
    books.remaining = books.remaining.minus(consumed);
    books.setAside = books.setAside.plus(converted);
  }
}

/** Shared volumes are offered to many: they are taken back from all before the volume goes. */
function rescindVolumes(
  context: MasterContext,
  agent: AcceptPlace['agent'],
  operation: Offer_OperationValid,
): void {
  const volumes = Resources.from(operation.destroy?.volumes ?? []).allocatedTo(undefined);
  for (const offer of [...agent.offers]) {
    if (offer.resources.allocatedTo(undefined).contains(volumes)) rescindOffer(context, offer);
  }
}

export function decline(
  context: MasterContext,
  framework: FrameworkRecord,
  ids: readonly { readonly value: string }[],
  refuseMs: number | undefined,
): void {
  for (const { value } of ids) {
    const offer = context.state.offers.get(value);
    if (offer?.frameworkId !== framework.id) continue;
    context.counters.add('master/offers_declined');
    framework.figures.offers.declined++;
    discardOffer(context, offer, refuseMs);
  }
}
