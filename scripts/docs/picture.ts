/** A terminal's text with its colours as an SVG image: the pictures of the documentation are what was really printed. */

const tones: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold"',
  '2': 'fill="#8b949e"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#7ee787"',
  '33': 'fill="#e3b341"',
  '36': 'fill="#79c0ff"',
};
const ends = new Set(['0', '22', '39']);
const escapePattern = new RegExp(`${String.fromCharCode(27)}\\[([0-9;]*)m`);

const lineHeight = 18;
const columnWidth = 7.83;
const margin = 16;

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Text and escapes alternate in what `split` with a group returns. */
function renderLine(line: string): { spans: string; columns: number } {
  let tone = '';
  let spans = '';
  let columns = 0;
  for (const [index, piece] of line.split(escapePattern).entries()) {
    if (index % 2 === 1) tone = ends.has(piece) ? '' : (tones[piece] ?? '');
    else if (piece !== '') {
      spans += tone === '' ? escapeXml(piece) : `<tspan ${tone}>${escapeXml(piece)}</tspan>`;
      columns += [...piece].length;
    }
  }
  return { spans, columns };
}

export function terminalPicture(text: string): string {
  const lines = text.trimEnd().split('\n').map(renderLine);
  const width = Math.ceil(Math.max(...lines.map((line) => line.columns)) * columnWidth) + 2 * margin;
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.map(
    ({ spans }, index) => `<text x="${margin}" y="${margin + 13 + index * lineHeight}">${spans}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="#e6edf3" xml:space="preserve">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
