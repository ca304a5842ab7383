/** Why an agent is not offered to a framework in a role right now. */
export type Obstacle =
  /** Deactivated, draining or disconnected. */
  | { readonly kind: 'agent-inactive' }
  /** All it has is allocated or offered. */
  | { readonly kind: 'nothing-available' }
  /** What is left is reserved for other roles, or of a kind that the framework does not know how to use. */
  | { readonly kind: 'reserved-or-special' }
  /** The agent does not know roles as this one. */
  | { readonly kind: 'agent-capability'; readonly missing: string }
  /** It has GPUs, which are kept for frameworks that ask for them. */
  | { readonly kind: 'gpus-kept' }
  /** It is in another region, and the framework does not say that it can cope with that. */
  | { readonly kind: 'other-region'; readonly region: string | undefined }
  | { readonly kind: 'offer-constraints' }
  /** The role has reached its limit of these resources, or the rest is promised to other roles. */
  | { readonly kind: 'quota'; readonly resources: readonly string[] }
  /** Less is left than the least that is offered. */
  | { readonly kind: 'too-small' }
  /** The framework has declined as much or more before. */
  | { readonly kind: 'refused'; readonly untilMs: number };

export type ObstacleKind = Obstacle['kind'];

/** What is special about it, for people; empty where the kind says it all. */
export function detailOf(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'agent-capability':
      return `the agent lacks ${obstacle.missing}`;
    case 'other-region':
      return obstacle.region === undefined ? 'the agent names no region' : `region ${obstacle.region}`;
    case 'quota':
      return obstacle.resources.join(', ');
    case 'refused':
      return `until ${new Date(obstacle.untilMs).toISOString()}`;
    default:
      return '';
  }
}
