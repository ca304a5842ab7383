/** What is published of the ZooKeeper client, as a stranger gets it: packed, installed, and run by an older Node.js too. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { removeFolder, runCommand, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { buildZooKeeper } from '../scripts/build-zookeeper.ts';

const pinnedNode = process.execPath;
const compiler = resolve('node_modules/.bin/tsc');
const typeRoots = resolve('node_modules/@types');

/** The one that the machine has, which `npm` hides behind the pinned one. */
function machineNode(): string {
  const found = execFileSync('which', ['-a', 'node'], { encoding: 'utf8' }).split('\n');
  return found.find((path) => path !== '' && !path.includes('node_modules')) ?? pinnedNode;
}

const program = `import { connect, createTree, InterProcessMutex, type Stat, ZooKeeperError } from '@orchestrator/zookeeper';
const client = await connect({ connectString: process.argv[2] ?? '' });
const { stat }: { stat: Stat | null } = await client.exists('/typed');
const zxid: bigint | undefined = stat?.czxid;
await new InterProcessMutex(client, '/lock').withLock(async () => undefined);
const mode: 'fuzzy' | 'consistent' | 'verified' | 'mismatch' = createTree().state;
try {
  await client.delete('/no-such-node');
} catch (error) {
  if (!(error instanceof ZooKeeperError) || error.code !== 'NoNode') throw error;
}
await client.close();
process.stdout.write(\`locked \${zxid} \${mode}\\n\`);
`;

test('packed and installed it runs, with types, on the pinned Node.js and on the one of the machine', async () => {
  const folder = await temporaryFolder('package');
  const ensemble = await startEnsemble({ servers: 1 });
  try {
    const built = join(folder, 'built');
    await buildZooKeeper(built);
    const packed = await runCommand('npm', ['pack', built, `--pack-destination=${folder}`, '--json']);
    const [{ filename, files }] = JSON.parse(packed.stdout);
    const names: string[] = files.map(({ path }: { path: string }) => path);
    expect(names.filter((name) => /\.test\.|(?<!\.d)\.ts$/.test(name))).toEqual([]);

    const project = join(folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }');
    const offline = ['--offline', '--no-audit', '--no-fund'];
    await runCommand('npm', ['install', `--prefix=${project}`, ...offline, join(folder, filename)]);

    await writeFile(join(project, 'program.ts'), program);
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      types: ['node'],
      typeRoots: [typeRoots],
    };
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    );
    await runCommand(compiler, ['-p', project]);

    const example = join(project, 'node_modules/@orchestrator/zookeeper/examples/basics.js');
    for (const node of new Set([pinnedNode, machineNode()])) {
      const shown = await runCommand(node, [example, ensemble.connectString]);
      expect(shown.stdout, node).toContain('operation 1 failed: NoNode');
      const typed = await runCommand(node, [join(project, 'program.js'), ensemble.connectString]);
      expect(typed.stdout, node).toBe('locked undefined consistent\n');
    }
  } finally {
    await ensemble.close();
    await removeFolder(folder);
  }
});
