/** Data that the mirrors do not hold, fetched from the sides when something has to be settled or recorded. */
import type { NodeValue, Side } from './types.ts';

type Answer =
  | { readonly kind: 'asked' }
  | { readonly kind: 'value'; readonly value: NodeValue | null }
  | { readonly kind: 'failed'; readonly code: string };

/** Answers kept; a value that is used up is dropped at once, so this bounds what is read ahead. */
const maxAnswers = 10_000;

export class Reads {
  readonly #answers: Record<Side, Map<string, Answer>> = { source: new Map(), target: new Map() };
  readonly #wanted: Record<Side, Set<string>> = { source: new Set(), target: new Set() };
  readonly #requests = new Map<number, { side: Side; paths: readonly string[] }>();

  answer(side: Side, path: string): Answer | undefined {
    return this.#answers[side].get(path);
  }

  /** Whether an answer is still to come. */
  isAsking(side: Side): boolean {
    for (const request of this.#requests.values()) if (request.side === side) return true;
    return false;
  }

  /** Answers at hand, and paths asked for. */
  held(side: Side): number {
    return this.#answers[side].size;
  }

  want(side: Side, path: string): void {
    if (this.#answers[side].has(path)) return;
    this.#answers[side].set(path, { kind: 'asked' });
    this.#wanted[side].add(path);
  }

  forget(side: Side, path: string): void {
    if (this.#answers[side].get(path)?.kind !== 'asked') this.#answers[side].delete(path);
  }

  /** The paths asked for since the last call, as one request. */
  takeWanted(side: Side, request: number): readonly string[] {
    const paths = [...this.#wanted[side]];
    this.#wanted[side].clear();
    if (paths.length > 0) this.#requests.set(request, { side, paths });
    return paths;
  }

  onValues(
    request: number,
    values: ReadonlyMap<string, NodeValue | null>,
    failed: ReadonlyMap<string, string> | undefined,
  ): void {
    const asked = this.#requests.get(request);
    if (asked === undefined) return;
    this.#requests.delete(request);
    const answers = this.#answers[asked.side];
    for (const path of asked.paths) {
      const value = values.get(path);
      const code = failed?.get(path);
      if (value !== undefined) answers.set(path, { kind: 'value', value });
      else if (code !== undefined) answers.set(path, { kind: 'failed', code });
      else answers.delete(path);
    }
    this.#trim(answers);
  }

  /** What did not match a mirror then may match now. */
  dropStale(): void {
    for (const side of ['source', 'target'] as const) {
      for (const [path, answer] of this.#answers[side]) {
        if (answer.kind !== 'asked') this.#answers[side].delete(path);
      }
    }
  }

  #trim(answers: Map<string, Answer>): void {
    for (const [path, answer] of answers) {
      if (answers.size <= maxAnswers) return;
      if (answer.kind !== 'asked') answers.delete(path);
    }
  }
}
