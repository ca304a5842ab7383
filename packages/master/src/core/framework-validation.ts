/** What a framework may say of itself, in Mesos' words where it may not. */
import {
  FrameworkInfoSchema,
  type FrameworkInfoValid,
  isFieldSet,
  roleError,
  type scheduler,
} from '@orchestrator/mesos';
import { compileOfferConstraints } from '../allocator/offer-constraints.ts';
import { constraintsOf } from './holdings.ts';
import { idError } from './ids.ts';

export const capabilitiesOf = (info: FrameworkInfoValid): Set<string> =>
  new Set(info.capabilities.flatMap(({ type }) => capabilityNames.get(type) ?? []));

const capabilityNames = new Map<number, string>([
  [1, 'REVOCABLE_RESOURCES'],
  [2, 'TASK_KILLING_STATE'],
  [3, 'GPU_RESOURCES'],
  [4, 'SHARED_RESOURCES'],
  [5, 'PARTITION_AWARE'],
  [6, 'MULTI_ROLE'],
  [7, 'RESERVATION_REFINEMENT'],
  [8, 'REGION_AWARE'],
]);

const isMultiRole = (info: FrameworkInfoValid) => capabilitiesOf(info).has('MULTI_ROLE');

export const rolesOf = (info: FrameworkInfoValid): readonly string[] =>
  isMultiRole(info) ? [...new Set(info.roles)] : [info.role];

function rolesError(info: FrameworkInfoValid): string | undefined {
  if (isMultiRole(info)) {
    if (isFieldSet(info, FrameworkInfoSchema.field.role)) {
      return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
    }
  } else if (info.roles.length > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  const duplicates = info.roles.filter((role, index) => info.roles.indexOf(role) !== index);
  if (duplicates.length > 0) {
    return `'FrameworkInfo.roles' contains duplicate items: { ${[...new Set(duplicates)].join(', ')} }`;
  }
  for (const role of info.roles) {
    const error = roleError(role);
    if (error !== undefined) return `'FrameworkInfo.roles' contains invalid role: ${error}`;
  }
  const error = isMultiRole(info) ? undefined : roleError(info.role);
  return error === undefined ? undefined : `'FrameworkInfo.role' is not a valid role: ${error}`;
}

/** Durations are kept as 64-bit nanoseconds. */
const longestDurationSeconds = 2 ** 63 / 1e9;

function formatDouble(value: number): string {
  return Math.abs(value) >= 1e21 ? value.toExponential().replace(/e\+(\d)$/, 'e+0$1') : String(value);
}

/** Why a framework with this info cannot subscribe; undefined when it can. */
export function frameworkInfoError(info: FrameworkInfoValid): string | undefined {
  const error = rolesError(info);
  if (error !== undefined) return error;
  const id = info.id?.value ?? '';
  const badId = id === '' ? undefined : idError(id);
  if (badId !== undefined) return badId;
  const timeout = info.failoverTimeout;
  if (Number.isNaN(timeout) || Math.abs(timeout) >= longestDurationSeconds) {
    return `The framework failover_timeout (${formatDouble(timeout)}) is invalid`;
  }
  return undefined;
}

const badPattern = /^Role (.+) has an invalid pattern '(.*)': error parsing regexp: (.*): `(.*)`$/s;

/** Frameworks show their users what a master said about a pattern: it should read as it always did. */
function inMesosWords(message: string): string {
  const [, role, pattern, reason, place] = badPattern.exec(message) ?? [];
  if (reason === undefined) return message;
  const words = reason.replace('missing closing', 'missing');
  return `A role ${role} has an invalid 'AttributeConstraint': Failed to construct regex from pattern '${pattern}': ${words}: ${place}`;
}

/** Of SUBSCRIBE and UPDATE_FRAMEWORK, beside the info. */
export function subscriptionError(
  roles: readonly string[],
  suppressedRoles: readonly string[],
  constraints: scheduler.OfferConstraintsValid | undefined,
): string | undefined {
  const foreign = suppressedRoles.filter((role) => !roles.includes(role));
  if (foreign.length > 0) {
    return `Suppressed roles { ${foreign.join(', ')} } are not contained in the set of roles`;
  }
  if (constraints === undefined) return undefined;
  for (const role of Object.keys(constraints.roleConstraints)) {
    if (!roles.includes(role)) {
      return `Offer constraints specify \`role_constraints\` for a role '${role}'not contained in the set of roles`;
    }
  }
  try {
    compileOfferConstraints(constraintsOf(constraints));
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `Offer constraints are not valid: ${inMesosWords(error.message)}`;
  }
}

/** Why a framework cannot become this; undefined when it can. */
export function updateError(before: FrameworkInfoValid, after: FrameworkInfoValid): string | undefined {
  if (before.principal !== after.principal) return "Changing framework's principal is not allowed.";
  if (before.user !== after.user) {
    return `Updating 'FrameworkInfo.user' is unsupported; attempted to update from '${before.user}' to '${after.user}'`;
  }
  if (before.checkpoint !== after.checkpoint) {
    return `Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from '${before.checkpoint}' to '${after.checkpoint}'`;
  }
  return undefined;
}
