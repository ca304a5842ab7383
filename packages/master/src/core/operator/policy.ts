/** UPDATE_WEIGHTS, UPDATE_QUOTA, and the older SET_QUOTA and REMOVE_QUOTA. */
import {
  formatThousandths,
  makeMessage,
  quota,
  Resources,
  roleError,
  toThousandths,
  type WeightInfoValid,
} from '@orchestrator/mesos';
import { type MasterContext, write } from '../context.ts';
import { quotaOf } from '../holdings.ts';
import { rescindOffer } from '../offers.ts';
import type { Reply } from './agents.ts';

const bad = (message: string) => ({ status: 400, message }) as const;

export function updateWeights(context: MasterContext, infos: readonly WeightInfoValid[], reply: Reply): void {
  for (const { role, weight } of infos) {
    const error = roleError(role);
    if (error !== undefined) {
      reply(bad(`Failed to validate update weights request JSON: Invalid role '${role}': ${error}`));
      return;
    }
    if (!(weight > 0)) {
      reply(
        bad(
          `Failed to validate update weights request JSON for role '${role}': Invalid weight '${weight}': Weights must be positive`,
        ),
      );
      return;
    }
  }
  const weights = new Map(infos.map(({ role, weight }) => [role, weight]));
  write(context, { type: 'update-weights', weights }, () => {
    for (const [role, weight] of weights) context.allocator.setWeight(role, weight);
    rescindForFairness(context, [...weights.keys()]);
    reply({ status: 200 });
  });
}

/** Offers to the roles are made anew by the new weights. */
function rescindForFairness(context: MasterContext, roles: readonly string[]): void {
  const subscribed = [...context.state.frameworks.values()].some((framework) =>
    framework.roles.some((role) => roles.includes(role)),
  );
  if (!subscribed) return;
  for (const offer of [...context.state.offers.values()]) rescindOffer(context, offer);
}

const largestMegabytes = 1024 ** 4;
const largestOther = 1e12;

type Amounts = quota.QuotaConfigValid['guarantees'];

const printAmounts = (amounts: Amounts) =>
  `{ ${Object.entries(amounts)
    .map(([name, { value }]) => `${name}: ${value}`)
    .join(', ')} }`;

function amountsError(amounts: Amounts, what: 'guarantee' | 'limit'): string | undefined {
  for (const [name, { value }] of Object.entries(amounts)) {
    const largest = name === 'mem' || name === 'disk' ? largestMegabytes : largestOther;
    if (value > largest) {
      const unit = largest === largestOther ? '1 trillion' : '1 exabyte';
      return `Invalid 'QuotaConfig.${what}s': {'${name}': ${value}} is invalid: values greater than ${unit} (${largest}) are not supported`;
    }
    const reason = Number.isFinite(value)
      ? value < 0
        ? 'Negative values not supported'
        : undefined
      : 'Value is not finite';
    if (reason !== undefined) return `Invalid ${what} configuration {'${name}': ${value}}: ${reason}`;
  }
  return undefined;
}

function configError({ role, guarantees, limits }: quota.QuotaConfigValid): string | undefined {
  if (role.includes('/')) return `Updating quota on nested role '${role}' is not supported yet`;
  const invalid = roleError(role);
  const error =
    (invalid === undefined ? undefined : `Invalid 'QuotaConfig.role': ${invalid}`) ??
    amountsError(guarantees, 'guarantee') ??
    amountsError(limits, 'limit');
  if (error !== undefined) return `Invalid QuotaConfig: ${error}`;
  const exceeds = Object.entries(guarantees).some(
    ([name, { value }]) => value > (limits[name]?.value ?? Number.POSITIVE_INFINITY),
  );
  return exceeds
    ? `Invalid QuotaConfig: 'QuotaConfig.guarantees' ${printAmounts(guarantees)} is not contained within the 'QuotaConfig.limits' ${printAmounts(limits)}`
    : undefined;
}

const printQuantities = (quantities: ReadonlyMap<string, number>) =>
  [...quantities]
    .filter(([, amount]) => amount > 0)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, amount]) => `${name}:${formatThousandths(amount)}`)
    .join('; ');

/** More is promised than there is. */
function overcommitError(
  context: MasterContext,
  configs: readonly quota.QuotaConfigValid[],
): string | undefined {
  const after = new Map(context.registry().settings.quotas);
  for (const config of configs) after.set(config.role, config);
  const promised = new Map<string, number>();
  for (const { guarantees } of after.values()) {
    for (const [name, { value }] of Object.entries(guarantees)) {
      promised.set(name, (promised.get(name) ?? 0) + toThousandths(value));
    }
  }
  const capacity = Resources.sum([...context.state.agents.values()].map(({ total }) => total)).scalars();
  const exceeds = [...promised].some(([name, amount]) => amount > (capacity.get(name) ?? 0));
  return exceeds
    ? `Invalid QuotaConfig: total quota guarantees '${printQuantities(promised)}' exceed cluster capacity '${printQuantities(capacity)}' (use 'force' flag to bypass this check)`
    : undefined;
}

/** What a role uses already beyond the limits it is to have. */
function consumptionError(context: MasterContext, config: quota.QuotaConfigValid): string | undefined {
  const consumed = consumedBy(context, config.role);
  const exceeds = Object.entries(config.limits).some(
    ([name, { value }]) => (consumed.get(name) ?? 0) > toThousandths(value),
  );
  if (!exceeds) return undefined;
  const limits = new Map(
    Object.entries(config.limits).map(([name, { value }]) => [name, toThousandths(value)]),
  );
  return `Invalid QuotaConfig: Role '${config.role}' is already consuming '${printQuantities(consumed)}'; this is more than the requested limits '${printQuantities(limits)}' (use 'force' flag to bypass this check)`;
}

/** Reservations of the role and those below it, and what tasks of theirs hold beside. */
export function consumedBy(context: MasterContext, role: string): Map<string, number> {
  const consumed = new Map<string, number>();
  const inRole = (name: string | undefined) => name === role || name?.startsWith(`${role}/`) === true;
  const add = (resources: Resources) => {
    for (const [name, amount] of resources.scalars()) consumed.set(name, (consumed.get(name) ?? 0) + amount);
  };
  for (const agent of context.state.agents.values()) {
    add(agent.total.filter((kind) => inRole(kind.reservations.at(-1)?.role)));
    for (const used of agent.used.values()) {
      add(used.filter((kind) => kind.reservations.length === 0 && inRole(kind.allocatedTo)));
    }
  }
  return consumed;
}

export function updateQuota(
  context: MasterContext,
  {
    force,
    quotaConfigs: configs,
  }: { readonly force: boolean; readonly quotaConfigs: readonly quota.QuotaConfigValid[] },
  reply: Reply,
): void {
  for (const config of configs) {
    const error = configError(config) ?? (force ? undefined : consumptionError(context, config));
    if (error !== undefined) {
      reply(bad(error));
      return;
    }
  }
  const error = force ? undefined : overcommitError(context, configs);
  if (error !== undefined) {
    reply(bad(error));
    return;
  }
  store(context, configs, reply);
}

function store(context: MasterContext, configs: readonly quota.QuotaConfigValid[], reply: Reply): void {
  write(context, { type: 'update-quota', configs }, () => {
    const { quotas } = context.registry().settings;
    for (const { role } of configs) context.allocator.setQuota(role, quotaOf(quotas.get(role)));
    const roles = new Set(configs.map(({ role }) => role));
    const promises = configs.some(({ guarantees }) => Object.keys(guarantees).length > 0);
    for (const offer of [...context.state.offers.values()]) {
      const [top] = offer.role.split('/');
      if (roles.has(top ?? '') || promises) rescindOffer(context, offer);
    }
    reply({ status: 200 });
  });
}

/** SET_QUOTA: a guarantee that is the limit as well. */
export function setQuota(context: MasterContext, request: quota.QuotaRequestValid, reply: Reply): void {
  const { role, guarantee, force } = request;
  const fail = (message: string) => reply(bad(`Failed to validate set quota request: ${message}`));
  if (!Object.hasOwn(request, 'role')) {
    fail('QuotaInfo must specify a role');
    return;
  }
  const invalid = roleError(role);
  if (invalid !== undefined) {
    fail(`QuotaInfo with invalid role: ${invalid}`);
    return;
  }
  if (guarantee.length === 0) {
    fail("QuotaInfo with empty 'guarantee'");
    return;
  }
  if (context.registry().settings.quotas.has(role)) {
    fail(`Cannot set quota for role '${role}' which already has quota`);
    return;
  }
  const amounts: Record<string, { value: number }> = {};
  for (const { name, scalar, reservations, disk, revocable } of guarantee) {
    if (reservations.length > 0) {
      fail('QuotaInfo must not contain any ReservationInfo');
      return;
    }
    if (disk !== undefined) {
      fail('QuotaInfo must not contain DiskInfo');
      return;
    }
    if (revocable !== undefined) {
      fail('QuotaInfo must not contain RevocableInfo');
      return;
    }
    if (scalar === undefined) {
      fail('QuotaInfo must not include non-scalar resources');
      return;
    }
    if (amounts[name] !== undefined) {
      fail(`QuotaInfo contains duplicate resource name '${name}'`);
      return;
    }
    amounts[name] = { value: scalar.value };
  }
  const config = makeMessage(quota.QuotaConfigSchema, { role, guarantees: amounts, limits: amounts });
  updateQuota(context, { force, quotaConfigs: [config] }, reply);
}

/** `path` is what the request came by: it stands in the answer. */
export function removeQuota(context: MasterContext, role: string, path: string, reply: Reply): void {
  if (!context.registry().settings.quotas.has(role)) {
    reply(bad(`Failed to remove quota for path '${path}': Role '${role}' has no quota set`));
    return;
  }
  store(context, [makeMessage(quota.QuotaConfigSchema, { role })], reply);
}
