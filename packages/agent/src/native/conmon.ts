/**
 * conmon makes the container with runc and stays with it: it is its parent, and writes the exit code to a file. Standard
 * output and error are files of the sandbox, opened here and handed through, so that nobody copies a log.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { readIfThere } from '../container/read-if-there.ts';
import { AgentError } from '../errors.ts';
import { openOutput } from '../sandbox/output.ts';

export interface ConmonOptions {
  conmonPath: string;
  runcPath: string;
  /** State of runc. */
  runcRoot: string;
  containerId: string;
  bundle: string;
  exitFolder: string;
  sandboxPath: string;
  /** Whose the files of the output are, so that `/dev/stdout` can be opened by who is not root. */
  owner: { uid: number; gid: number };
}

/** What conmon says on its pipe, with the first version of its interface: a process id, or a negative number and why. */
interface Report {
  pid: number;
  message?: string;
}

function argumentsOf({ runcPath, runcRoot, containerId, bundle, exitFolder }: ConmonOptions): string[] {
  return [
    ...['--cid', containerId, '--cuuid', containerId, '--name', containerId],
    ...['--runtime', runcPath, '--runtime-arg', '--root', '--runtime-arg', runcRoot],
    ...[
      '--bundle',
      bundle,
      '--container-pidfile',
      join(bundle, 'pid'),
      '--conmon-pidfile',
      join(bundle, 'conmon.pid'),
    ],
    ...['--exit-dir', exitFolder, '--persist-dir', bundle, '--full-attach'],
    ...['--log-path', 'passthrough', '--log-level', 'error'],
  ];
}

/**
 * Makes a container that waits to be started.
 *
 * @returns the id of its first process
 * @throws AgentError `RuntimeUnavailable` when conmon cannot be run, `LaunchFailed` with what runc said
 */
export async function createUnderConmon(options: ConmonOptions): Promise<number> {
  const [stdout, stderr] = await openOutput(options.sandboxPath, options.owner);
  try {
    const child = spawn(options.conmonPath, argumentsOf(options), {
      cwd: options.bundle,
      stdio: ['ignore', stdout.fd, stderr.fd, 'pipe'],
      env: { ...process.env, _OCI_SYNCPIPE: '3' },
      detached: true,
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (cause) => {
        const message = `conmon (${options.conmonPath}) cannot be run: ${cause.message}; install it`;
        reject(new AgentError('RuntimeUnavailable', message, { cause }));
      });
    });
    child.unref();
    const report = child.stdio[3] as Readable;
    try {
      return await pidOf(await Promise.race([firstLine(report), failed]), options);
    } finally {
      // conmon keeps its end for as long as it lives.
      report.destroy();
    }
  } finally {
    await Promise.all([stdout.close(), stderr.close()]);
  }
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  return '';
}

async function pidOf(line: string, { containerId, sandboxPath }: ConmonOptions): Promise<number> {
  const report: Report = line === '' ? { pid: -1 } : JSON.parse(line);
  if (report.pid > 0) return report.pid;
  const reason = report.message?.trim() || (await lastWords(sandboxPath)) || 'conmon ended without a word';
  throw new AgentError('LaunchFailed', `container ${containerId}: ${reason}`);
}

const mostWords = 1_000;

/** Of the runtime: nothing else has written there yet. */
async function lastWords(sandboxPath: string): Promise<string> {
  return ((await readIfThere(join(sandboxPath, 'stderr'))) ?? '').trim().slice(-mostWords);
}
