/** Tables as the formatter of this repository leaves them. */

const escapeCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const codeCell = (text: string): string => (text === '' ? '' : `\`${text}\``);

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}
