/** Whether an agent may come back as what it is configured to be now. */
import {
  type AgentInfoValid,
  AttributeSchema,
  DomainInfoSchema,
  Resources,
  writeJson,
} from '@orchestrator/mesos';

/** `additive`: more of everything is allowed, other things are not. */
export type ReconfigurationPolicy = 'equal' | 'additive';

const attributesOf = ({ attributes }: AgentInfoValid) =>
  new Map(attributes.map((attribute) => [attribute.name, writeJson(AttributeSchema, attribute)]));

const domainOf = ({ domain }: AgentInfoValid) =>
  domain === undefined ? undefined : writeJson(DomainInfoSchema, domain);

/** What stands against it, for the operator; undefined when nothing does. */
export function reconfigurationProblem(
  before: AgentInfoValid,
  now: AgentInfoValid,
  policy: ReconfigurationPolicy,
): string | undefined {
  if (before.hostname !== now.hostname) return `hostname was ${before.hostname} and is ${now.hostname}`;
  if (before.port !== now.port) return `port was ${before.port} and is ${now.port}`;
  const [had, has] = [Resources.from(before.resources), Resources.from(now.resources)];
  if (policy === 'equal' ? !had.equals(has) : !has.contains(had))
    return `resources were ${had} and are ${has}`;
  const [old, current] = [attributesOf(before), attributesOf(now)];
  if (policy === 'equal' && old.size !== current.size)
    return `there were ${old.size} attributes and are ${current.size}`;
  for (const [name, value] of old) {
    if (current.get(name) !== value) return `attribute ${name} was ${value} and is ${current.get(name)}`;
  }
  const isNewDomain = policy === 'additive' && before.domain === undefined;
  if (!isNewDomain && domainOf(before) !== domainOf(now)) return 'the domain is another';
  return undefined;
}
