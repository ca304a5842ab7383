/**
 * Builds what is published of `@orchestrator/zookeeper`: plain JavaScript with types, for Node.js 20 and later, that depends
 * on nothing. Run it, then `npm publish packages/zookeeper/dist`.
 *
 * Node.js strips no types below node_modules, so the sources that run here as they are have to be compiled for others.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'packages/zookeeper');

/** Doors of another package that the library uses: they are built in, so that nothing has to be installed for them. */
const builtIn = ['clock', 'random'] as const;

/** What older releases of Node.js lack, and what does the same. Each has to be found, so that none outlives its reason. */
const forOlderNode: readonly (readonly [string, string, string])[] = [
  [
    'src/tree/node-file.js',
    "import { DatabaseSync } from 'node:sqlite';",
    "const DatabaseSync = process.getBuiltinModule?.('node:sqlite')?.DatabaseSync ?? class { constructor() { throw new Error('this tree needs SQLite, which comes with Node.js 22.13: raise maxNodesInMemory, or Node.js'); } };",
  ],
  [
    'src/recipes/node-follower.js',
    'Promise.withResolvers()',
    '(() => { let resolve, reject; const promise = new Promise((a, b) => { resolve = a; reject = b; }); return { promise, resolve, reject }; })()',
  ],
];

async function compile(folder: string): Promise<void> {
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      ...{ noEmit: false, declaration: true, rewriteRelativeImportExtensions: true },
      ...{ target: 'es2022', rootDir: join(root, 'packages'), outDir: folder },
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files: [
      join(source, 'src/index.ts'),
      ...builtIn.map((name) => join(root, `packages/runtime/src/${name}.ts`)),
      ...(await exampleFiles()),
    ],
  };
  const file = join(folder, 'tsconfig.json');
  await writeFile(file, JSON.stringify(settings));
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', file]).catch((error) => {
    throw new Error(`tsc: ${error.stdout || error.message}`, { cause: error });
  });
}

const exampleFiles = async () =>
  (await readdir(join(source, 'examples'))).map((name) => join(source, 'examples', name));

/** From where the compiler puts files, which is as the packages lie, to where they lie in this one. */
async function arrange(compiled: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const part of ['src', 'examples'])
    await cp(join(compiled, 'zookeeper', part), join(folder, part), { recursive: true });
  await mkdir(join(folder, 'src/runtime'));
  for (const name of builtIn)
    for (const suffix of ['js', 'd.ts'])
      await cp(
        join(compiled, 'runtime/src', `${name}.${suffix}`),
        join(folder, `src/runtime/${name}.${suffix}`),
      );
}

/** Imports of our own point to files that are there. */
async function link(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    let text = await readFile(file, 'utf8');
    for (const name of builtIn) {
      const place = relative(dirname(file), join(folder, `src/runtime/${name}.js`));
      text = text.replaceAll(
        `'@orchestrator/runtime/${name}'`,
        `'${place.startsWith('.') ? place : `./${place}`}'`,
      );
    }
    // The compiler leaves the endings of imports in declarations.
    if (file.endsWith('.d.ts'))
      text = text.replaceAll(/(from '|import\(")(\.[^'"]*)\.ts(['"])/g, '$1$2.js$3');
    await writeFile(file, text);
  }
}

async function suitOlderNode(folder: string): Promise<void> {
  for (const [name, words, instead] of forOlderNode) {
    const file = join(folder, name);
    const text = await readFile(file, 'utf8');
    if (!text.includes(words)) throw new Error(`${name} holds no "${words}" any more: correct forOlderNode`);
    await writeFile(file, text.replaceAll(words, instead));
  }
}

async function describe(folder: string): Promise<void> {
  const { name, version, description, license } = JSON.parse(
    await readFile(join(source, 'package.json'), 'utf8'),
  );
  const manifest = {
    ...{ name, version, description, license },
    keywords: ['zookeeper', 'client', 'curator', 'recipes', 'observer'],
    type: 'module',
    engines: { node: '>=20.16' },
    exports: { '.': { types: './src/index.d.ts', default: './src/index.js' } },
    sideEffects: false,
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const readme = await readFile(join(source, 'README.md'), 'utf8');
  await writeFile(join(folder, 'README.md'), readme.replaceAll(/(examples\/\w+)\.ts/g, '$1.js'));
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

/** @param folder is replaced */
export async function buildZooKeeper(folder: string): Promise<void> {
  const compiled = await mkdtemp(join(tmpdir(), 'build-zookeeper-'));
  try {
    await compile(compiled);
    await rm(folder, { recursive: true, force: true });
    await arrange(compiled, folder);
    await link(folder);
    await suitOlderNode(folder);
    await describe(folder);
  } finally {
    await rm(compiled, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(source, 'dist');
  await buildZooKeeper(folder);
  console.log(`built ${relative(process.cwd(), folder)}; npm publish ${relative(process.cwd(), folder)}`);
}
