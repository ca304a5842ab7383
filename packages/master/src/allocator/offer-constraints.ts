import { RE2JS } from 're2js';

/** A condition that a framework sets on the agents it wants offers of. */
export interface AttributeConstraint {
  /** The name of an attribute, or what every agent has of itself. */
  readonly selector: { readonly attribute: string } | { readonly pseudo: 'hostname' | 'region' | 'zone' };
  readonly predicate:
    | { readonly kind: 'exists' | 'not_exists' }
    | { readonly kind: 'text_equals' | 'text_not_equals'; readonly value: string }
    | { readonly kind: 'text_matches' | 'text_not_matches'; readonly regex: string };
}

/** By role: groups of conditions. An agent is offered if all conditions of any one group hold. */
export type OfferConstraints = ReadonlyMap<string, readonly (readonly AttributeConstraint[])[]>;

/** What conditions look at. */
export interface AgentTraits {
  readonly hostname: string;
  readonly region: string | undefined;
  readonly zone: string | undefined;
  /** By name: the text of a text attribute, `undefined` for one of another type. */
  readonly attributes: ReadonlyMap<string, string | undefined>;
}

/** True where an agent may be offered to the framework in this role. */
export type OfferConstraintsFilter = (role: string, agent: AgentTraits) => boolean;

/** The longest pattern; Mesos limits the memory and the program of a pattern, which comes to about the same. */
const longestPattern = 512;

/**
 * Makes the filter. Patterns are matched in linear time, whatever they are: they come from frameworks.
 *
 * @throws RangeError naming the role and what is wrong with its conditions.
 */
export function compileOfferConstraints(constraints: OfferConstraints): OfferConstraintsFilter {
  const byRole = new Map<string, readonly (readonly Condition[])[]>();
  for (const [role, groups] of constraints) {
    if (groups.length === 0) throw new RangeError(`Role ${role} has no groups of offer constraints`);
    byRole.set(
      role,
      groups.map((group) => {
        if (group.length === 0) throw new RangeError(`Role ${role} has an empty group of offer constraints`);
        return group.map((constraint) => compile(role, constraint));
      }),
    );
  }
  return (role, agent) => {
    const groups = byRole.get(role);
    return groups === undefined || groups.some((group) => group.every((holds) => holds(agent)));
  };
}

type Condition = (agent: AgentTraits) => boolean;

/** `absent`: there is no such attribute; `other`: there is one whose type is not text. */
type Value = { readonly text: string } | 'absent' | 'other';

function compile(role: string, { selector, predicate }: AttributeConstraint): Condition {
  const holds = compilePredicate(role, predicate);
  return (agent) => holds(traitOf(agent, selector));
}

function traitOf(agent: AgentTraits, selector: AttributeConstraint['selector']): Value {
  if ('attribute' in selector) {
    if (!agent.attributes.has(selector.attribute)) return 'absent';
    const text = agent.attributes.get(selector.attribute);
    return text === undefined ? 'other' : { text };
  }
  const text = agent[selector.pseudo];
  return text === undefined ? 'absent' : { text };
}

/** Conditions on text hold for every attribute of another type: its framework looks at those itself. */
function compilePredicate(
  role: string,
  predicate: AttributeConstraint['predicate'],
): (value: Value) => boolean {
  switch (predicate.kind) {
    case 'exists':
      return (value) => value !== 'absent';
    case 'not_exists':
      return (value) => value === 'absent';
    case 'text_equals':
      return onText(false, (text) => text === predicate.value);
    case 'text_not_equals':
      return onText(true, (text) => text !== predicate.value);
    case 'text_matches':
    case 'text_not_matches': {
      const pattern = compilePattern(role, predicate.regex);
      const wanted = predicate.kind === 'text_matches';
      return onText(!wanted, (text) => pattern.matches(text) === wanted);
    }
  }
}

function onText(whenAbsent: boolean, test: (text: string) => boolean): (value: Value) => boolean {
  return (value) => (value === 'absent' ? whenAbsent : value === 'other' || test(value.text));
}

function compilePattern(role: string, regex: string): RE2JS {
  if (regex.length > longestPattern) {
    throw new RangeError(
      `Role ${role} has a pattern of ${regex.length} characters; at most ${longestPattern} are allowed`,
    );
  }
  try {
    return RE2JS.compile(regex);
  } catch (error) {
    throw new RangeError(
      `Role ${role} has an invalid pattern '${regex}': ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}
