/** `FORCE_COLOR=1 COMMAND | node scripts/picture.ts FILE.svg` */
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { terminalPicture } from './docs/picture.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: COMMAND | node scripts/picture.ts FILE.svg');
  process.exit(2);
}
writeFileSync(file, terminalPicture(await text(process.stdin)));
