/** What a person has been asked to do and has not done yet: kept in the store, so that no coordinator forgets the half of it. */
import type { Facts } from '../phases/context.ts';
import type { LiveBoard } from './live.ts';

interface Asked {
  /** What is asked for on the way back takes the place of what was asked for on the way there. */
  readonly mode: string;
  readonly texts: readonly string[];
}

const fact = 'instructions';

export interface InstructionsOptions {
  readonly facts: Facts;
  readonly live: LiveBoard;
  /** Of the step under way. */
  readonly mode: string;
}

/** Shows it below what was asked for before. */
export async function addInstruction(
  { facts, live, mode }: InstructionsOptions,
  text: string,
): Promise<void> {
  const before = await facts.get<Asked>(fact);
  const texts = before?.mode === mode ? before.texts : [];
  const asked: Asked = { mode, texts: texts.includes(text) ? texts : [...texts, text] };
  await facts.put(fact, asked);
  live.update({ instruction: asked.texts.join('\n') });
}

export async function clearInstructions({ facts, live }: Omit<InstructionsOptions, 'mode'>): Promise<void> {
  await facts.delete(fact);
  live.update({ instruction: null });
}
