/** How a node is doing, from what it says of itself. */
import type { Tone } from '../../ui/index.ts';
import type { NodeSummary } from './schema.ts';

export interface NodeState {
  readonly tone: Tone;
  /** In words; empty where nothing is said. */
  readonly text: string;
}

const tones: readonly (readonly [RegExp, Tone])[] = [
  [/unhealthy|fail|error|dead|lost|crash|oom|unreachable/i, 'bad'],
  [/restarting|paused|pending|starting|staging|degraded|draining|unknown|killing/i, 'warn'],
  [/exited|stopped|created|finished|succeeded|completed|terminated|removing/i, 'idle'],
  [/running|ready|active|up|healthy|leading|following|leader|follower/i, 'ok'],
];

const toneOf = (text: string): Tone => tones.find(([pattern]) => pattern.test(text))?.[1] ?? 'info';

const worst: readonly Tone[] = ['bad', 'warn', 'idle', 'info', 'ok'];

/** Its state, or its health where that is worse. */
export function stateOf({ metadata = [], pseudo }: NodeSummary): NodeState {
  const said = metadata.filter(
    ({ id, value }) => /(^|_)(state|status|health|phase)$/.test(id) && value !== '',
  );
  if (pseudo === true || said.length === 0) return { tone: pseudo === true ? 'idle' : 'info', text: '' };
  const states = said.map(({ value }) => ({ tone: toneOf(value), text: value }));
  return (
    states.sort((a, b) => worst.indexOf(a.tone) - worst.indexOf(b.tone))[0] ?? { tone: 'info', text: '' }
  );
}
