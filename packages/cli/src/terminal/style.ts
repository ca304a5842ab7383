/** Colours by meaning. Without colour every function returns its argument, so that nothing else has to ask. */

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  bad: [31, 39],
  good: [32, 39],
  warn: [33, 39],
  accent: [36, 39],
} as const;

type Tone = keyof typeof codes;

export type Style = Readonly<Record<Tone, (text: string) => string>>;

const escapePattern = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

export function createStyle(colour: boolean): Style {
  const paint = (tone: Tone) => (text: string) =>
    colour && text !== '' ? `\u001b[${codes[tone][0]}m${text}\u001b[${codes[tone][1]}m` : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    bad: paint('bad'),
    good: paint('good'),
    warn: paint('warn'),
    accent: paint('accent'),
  };
}

/** `NO_COLOR` (any value) wins over `FORCE_COLOR`; else colour on a terminal that is not `dumb`. */
export function wantsColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0') return true;
  return isTerminal && env.TERM !== 'dumb';
}

const withoutStyle = (text: string): string => text.replace(escapePattern, '');

/** Columns that `text` takes on a terminal. */
export const widthOf = (text: string): number => [...withoutStyle(text)].length;

/** At most `width` columns; what is cut off is marked. Styled text is cut without its style. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return `${[...withoutStyle(text)].slice(0, Math.max(0, width - 1)).join('')}…`;
}

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - widthOf(text))) + text;
