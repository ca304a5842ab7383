/** What was said between processes, as text that a person can read and a test can compare. */

/** What is of one run alone: ids, ports, times. Named in the order in which they come up. */
const patterns: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['uuid', /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/],
  ['bytes', /(?<=")[A-Za-z0-9+/]{22}==(?=")/],
  ['address', /(?<=@)127\.0\.0\.1:\d+/],
  ['port', /(?<="port": )\d+/],
  ['time', /(?<="(?:timestamp|nanoseconds)": )[\d.]+/],
];

const anything = new RegExp(patterns.map(([kind, { source }]) => `(?<${kind}>${source})`).join('|'), 'g');

export class Transcript {
  readonly #lines: string[] = [];
  /** What was heard and is waited for. */
  readonly #headings: string[] = [];

  /** A title between parts. */
  part(title: string): void {
    this.#lines.push(`== ${title}`, '');
  }

  add(from: string, to: string, what: string, body?: unknown): void {
    this.#headings.push(`${from} -> ${to}: ${what}`);
    const text = body === undefined ? '' : `\n${JSON.stringify(body, null, 2).replace(/^/gm, '    ')}`;
    this.#lines.push(`${from} -> ${to}  ${what}${text}`, '');
  }

  /** What was said elsewhere at the same time: the order between two connections is nobody's to say. */
  include(other: Transcript): void {
    this.#lines.push(...other.#lines);
  }

  count(heading: string): number {
    return this.#headings.filter((each) => each === heading).length;
  }

  text(): string {
    const names = new Map<string, string>();
    const counts = new Map<string, number>();
    return this.#lines.join('\n').replace(anything, (value: string, ...rest) => {
      const groups = rest.at(-1) as Record<string, string | undefined>;
      const kind = Object.keys(groups).find((name) => groups[name] !== undefined) ?? '';
      if (kind === 'time') return '"<time>"';
      const key = `${kind} ${value}`;
      const known = names.get(key);
      if (known !== undefined) return known;
      const number = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, number);
      const name = kind === 'port' ? `"<port ${number}>"` : `<${kind} ${number}>`;
      names.set(key, name);
      return name;
    });
  }
}
