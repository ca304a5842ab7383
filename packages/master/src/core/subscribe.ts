/** SUBSCRIBE and UPDATE_FRAMEWORK: who may become what. */
import { makeMessage, type scheduler, scheduler as schedulerApi } from '@orchestrator/mesos';
import type { Answer } from './actions.ts';
import { log, type MasterContext } from './context.ts';
import { frameworkInfoError, rolesOf, subscriptionError, updateError } from './framework-validation.ts';
import { sameConnection, subscribeAgain, subscribeNew, updateFramework } from './frameworks.ts';
import type { Connection, FrameworkRecord } from './records.ts';

/** The stream gets one ERROR, and ends. */
function refuse(context: MasterContext, connection: Connection, message: string): void {
  const { Event_Type, EventSchema } = schedulerApi;
  const event = makeMessage(EventSchema, { type: Event_Type.ERROR, error: { message } });
  log(context, 'warn', 'subscription refused', { message });
  context.actions.push({ type: 'to-framework', connection, event }, { type: 'close-framework', connection });
}

function authorizationError(
  context: MasterContext,
  { principal }: { readonly principal: string },
  roles: readonly string[],
): string | undefined {
  const who = principal === '' ? undefined : principal;
  const foreign = roles.filter((role) => !context.options.authorizer(who, 'register_framework', role));
  return foreign.length === 0 ? undefined : `Not authorized to use roles '{ ${foreign.join(', ')} }'`;
}

/** What this cluster lets no framework do, whoever it is. */
function policyError({ options }: MasterContext, user: string, roles: readonly string[]): string | undefined {
  const foreign = roles.filter((role) => options.roles?.has(role) === false);
  if (foreign.length > 0) return `Roles { ${foreign.join(', ')} } are not present in the master's --roles`;
  if (user !== 'root' || options.allowsRoot) return undefined;
  return "User 'root' is not allowed to run frameworks without --root_submissions set";
}

function problemOf(context: MasterContext, call: scheduler.Call_SubscribeValid): string | undefined {
  const { frameworkInfo: info, suppressedRoles, offerConstraints } = call;
  const roles = rolesOf(info);
  return (
    frameworkInfoError(info) ??
    policyError(context, info.user, roles) ??
    subscriptionError(roles, suppressedRoles, offerConstraints) ??
    authorizationError(context, info, roles)
  );
}

/** A driver that does not insist is not let in while another one is. */
function isTaken(framework: FrameworkRecord, connection: Connection, force: boolean): boolean {
  if (connection.kind === 'http' || force || framework.connection === undefined) return false;
  return !sameConnection(framework.connection, connection);
}

export function subscribe(
  context: MasterContext,
  connection: Connection,
  call: scheduler.Call_SubscribeValid,
  force: boolean,
): void {
  const isNew = (call.frameworkInfo.id?.value ?? '') === '';
  context.counters.add(`master/messages_${isNew ? 'register' : 'reregister'}_framework`);
  const problem = problemOf(context, call);
  if (problem !== undefined) {
    refuse(context, connection, problem);
    return;
  }
  const { frameworkInfo: info, suppressedRoles, offerConstraints } = call;
  const id = info.id?.value ?? '';
  const subscription = { info, suppressedRoles, offerConstraints };
  if (context.state.completedFrameworks.has(id)) {
    refuse(context, connection, 'Framework has been removed');
    return;
  }
  const framework = context.state.frameworks.get(id);
  if (framework === undefined) {
    const known =
      connection.kind === 'driver' ? context.state.frameworkIdByPid.get(connection.pid) : undefined;
    const again = known === undefined ? undefined : context.state.frameworks.get(known);
    // The answer to a driver's first subscription was lost.
    if (id === '' && again !== undefined) {
      if (again.info.id !== undefined) subscription.info.id = again.info.id;
      subscribeAgain(context, again, subscription, connection);
      return;
    }
    subscribeNew(context, subscription, connection);
    return;
  }
  if (!framework.recovered && framework.info.principal !== info.principal) {
    refuse(context, connection, "Changing framework's principal is not allowed.");
    return;
  }
  if (isTaken(framework, connection, force)) {
    refuse(context, connection, 'Framework failed over');
    return;
  }
  subscribeAgain(context, framework, subscription, connection);
}

export function changeFramework(
  context: MasterContext,
  framework: FrameworkRecord,
  call: scheduler.Call_UpdateFrameworkValid,
): Answer {
  const { frameworkInfo: info, suppressedRoles, offerConstraints } = call;
  const roles = rolesOf(info);
  const invalid = frameworkInfoError(info);
  if (invalid !== undefined)
    return { status: 400, message: `Supplied FrameworkInfo is not valid: ${invalid}` };
  const immutable = updateError(framework.info, info);
  if (immutable !== undefined)
    return { status: 400, message: `FrameworkInfo update is not valid: ${immutable}` };
  const problem = subscriptionError(roles, suppressedRoles, offerConstraints);
  if (problem !== undefined) return { status: 400, message: problem };
  const forbidden = authorizationError(context, info, roles);
  if (forbidden !== undefined) return { status: 403, message: forbidden };
  updateFramework(context, framework, { info, suppressedRoles, offerConstraints });
  return { status: 200 };
}
