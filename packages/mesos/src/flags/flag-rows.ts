import type { FlagFacts, FlagTable } from './flag-table.ts';

const effects: Readonly<Record<FlagFacts['effect'], string>> = {
  same: 'same',
  differs: 'differs',
  none: 'no effect',
  refused: 'refused',
};

function noteOf({ formerly, note = '', only = [] }: FlagFacts): string {
  const values = only.map((value) => `\`${value}\``).join(' or ');
  const parts = [
    values === '' ? '' : `other than ${values}`,
    note,
    formerly === undefined ? '' : `once \`${formerly}\``,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/**
 * Rows of a compatibility page in Markdown: name, default, what it does here, why.
 *
 * @param prefix - of names: `--`, or nothing
 */
export function flagRows(table: FlagTable, prefix = ''): string[] {
  return Object.entries(table).map(([name, facts]) => {
    const value = facts.default === undefined ? '' : `\`${facts.default.replaceAll('|', '\\|')}\``;
    const cells = [`\`${prefix}${name}\``, value, effects[facts.effect], noteOf(facts)];
    return `| ${cells.join(' | ')} |`.replace(/ {2,}/g, ' ');
  });
}
