/**
 * The rules of the structure: who may import whom, one public door per package, no cycles between files, no file too
 * long to be about one thing, no clock or chance outside `runtime`.
 */

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** A package may import the ones named, and nothing else of ours. Tests may import `testing` as well. */
export const mayImport: Record<string, readonly string[]> = {
  runtime: [],
  store: ['runtime'],
  zookeeper: ['runtime'],
  sync: ['runtime', 'store', 'zookeeper'],
  migration: ['runtime', 'store', 'zookeeper', 'sync'],
  mesos: ['runtime'],
  agent: ['runtime', 'mesos', 'zookeeper'],
  master: ['runtime', 'mesos', 'zookeeper', 'store'],
  report: [],
  probe: ['runtime', 'report'],
  console: ['runtime', 'monitor'],
  monitor: ['runtime', 'report', 'store', 'mesos'],
  cli: [
    ...['runtime', 'store', 'zookeeper', 'sync', 'migration'],
    ...['mesos', 'master', 'agent', 'probe', 'monitor', 'console'],
  ],
  testing: ['runtime'],
};

/** Tests only: against the real thing that a package talks to. */
const testsMayImport: Record<string, readonly string[]> = {
  agent: ['master'],
  monitor: ['agent', 'master', 'migration', 'probe', 'zookeeper'],
};

const outermost = ['bench', 'simulation', 'e2e', 'scripts'];
/** Parts that need nothing else of their package: a process that is to stay small loads them alone. */
const doors = new Set([
  ...[
    'backoff',
    'clock',
    'config',
    'config-reference',
    'daemon',
    'errors',
    'logger',
    'logging',
    'make-folder',
    'random',
  ].map((part) => `@orchestrator/runtime/${part}`),
  '@orchestrator/runtime/secrets',
  '@orchestrator/monitor/schema',
  '@orchestrator/probe/main',
]);
const longestFile = 500;
const importPattern =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/g;
const ambientPattern = /\b(Date\.now|Math\.random|setTimeout|setInterval|performance\.now)\(|new Date\(\)/;

interface SourceFile {
  path: string;
  text: string;
  imports: string[];
}

const isTest = (path: string) =>
  /\.test\.tsx?$/.test(path) || /^packages\/[^/]+\/(test|examples)\//.test(path);
const packageOf = (path: string) => /^packages\/([^/]+)\//.exec(path)?.[1];

async function readSources(root: string): Promise<SourceFile[]> {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx'], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths = listed.split('\n').filter((path) => path !== '');
  const files = await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(root, path), 'utf8').catch(() => undefined);
      if (text === undefined) return undefined; // deleted, not yet staged
      const imports = [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? '');
      return { path, text, imports };
    }),
  );
  return files.filter((file) => file !== undefined);
}

const isForTests = (target: string, from: string, file: SourceFile) =>
  isTest(file.path) && (target === 'testing' || (testsMayImport[from] ?? []).includes(target));

function packageProblems(file: SourceFile): string[] {
  const from = packageOf(file.path);
  if (from === undefined) {
    return outermost.some((folder) => file.path.startsWith(`${folder}/`)) || !file.path.includes('/')
      ? []
      : [`${file.path}: is in no known folder`];
  }
  const allowed = mayImport[from];
  if (allowed === undefined) return [`${file.path}: package ${from} has no row in scripts/layering.ts`];
  const problems: string[] = [];
  for (const specifier of file.imports) {
    const to = /^@orchestrator\/([^/]+)(\/.*)?$/.exec(specifier);
    if (to === null) continue;
    const target = to[1] ?? '';
    if (to[2] !== undefined && !doors.has(specifier))
      problems.push(`${file.path}: ${specifier} is not a public door`);
    if (allowed.includes(target) || target === from || isForTests(target, from, file)) continue;
    problems.push(`${file.path}: ${from} may not import ${target}`);
  }
  return problems;
}

function escapesPackage(file: SourceFile): string[] {
  const from = packageOf(file.path);
  if (from === undefined) return [];
  return file.imports
    .filter((specifier) => specifier.startsWith('.'))
    .filter((specifier) => packageOf(normalize(join(dirname(file.path), specifier))) !== from)
    .map((specifier) => `${file.path}: ${specifier} reaches into another package; import its public door`);
}

function findCycles(files: SourceFile[]): string[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports.filter((to) => to.startsWith('.')).map((to) => normalize(join(dirname(file.path), to))),
    ]),
  );
  const state = new Map<string, 'open' | 'done'>();
  const problems: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      problems.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
      return;
    }
    state.set(path, 'open');
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) visit(path, []);
  return problems;
}

function sizeProblems(file: SourceFile): string[] {
  if (file.path.endsWith('_pb.ts')) return []; // generated: as long as what it is made from
  const lines = file.text.split('\n').length - 1;
  return lines > longestFile
    ? [`${file.path}: ${lines} lines; more than ${longestFile} is not about one thing`]
    : [];
}

/** Time and chance come in as arguments, so that a simulation with a seed can replace them. */
function ambientProblems(file: SourceFile): string[] {
  const from = packageOf(file.path);
  if (from === undefined || from === 'runtime' || from === 'testing' || isTest(file.path)) return [];
  return file.text.split('\n').flatMap((line, index) => {
    const found = ambientPattern.exec(line);
    const comment = line.trimStart().startsWith('*') || line.trimStart().startsWith('//');
    return found === null || comment
      ? []
      : [`${file.path}:${index + 1}: ${found[0]} outside packages/runtime`];
  });
}

function nameProblems(file: SourceFile): string[] {
  const bad = /(^|\/)(utils?|common|helpers?|misc)(\/|\.tsx?$)/.exec(file.path);
  return bad === null ? [] : [`${file.path}: "${bad[2]}" says nothing about what is inside`];
}

/** Every broken rule, one line each; empty when all is well. */
export async function checkLayering(root: string): Promise<string[]> {
  const files = await readSources(root);
  return [
    ...files.flatMap((file) => [
      ...packageProblems(file),
      ...escapesPackage(file),
      ...sizeProblems(file),
      ...ambientProblems(file),
      ...nameProblems(file),
    ]),
    ...findCycles(files),
  ];
}
