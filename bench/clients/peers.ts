/** The clients that are measured, as commands, built first where they have to be. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findDistribution } from '@orchestrator/testing';
import { type Command, program } from '../child.ts';

export type PeerName = 'zookeeper' | 'node-zookeeper-client' | 'java';

export interface Clients {
  readonly commands: ReadonlyMap<'ours' | PeerName, Command>;
  /** Why a peer cannot take part, a line for each that cannot. */
  readonly missing: readonly string[];
}

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const classFolder = pathOf('../../.cache/bench-clients');

async function prepare(peer: string, ...args: string[]): Promise<void> {
  const { stderr } = await promisify(execFile)('bash', [pathOf('prepare'), peer, ...args]);
  process.stderr.write(stderr);
}

function javaProgram(classPath: string, connectString: string): Command {
  return {
    command: 'java',
    args: [
      ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', `${classPath}:${classFolder}`],
      ...['JavaClient', connectString],
    ],
  };
}

/** Builds what is missing; a peer that cannot be built is left out and named. */
export async function prepareClients(connectString: string): Promise<Clients> {
  const commands = new Map<'ours' | PeerName, Command>();
  const missing: string[] = [];
  const add = async (name: PeerName, command: Command, ...args: string[]) => {
    try {
      if (name !== 'node-zookeeper-client') await prepare(name, ...args);
      commands.set(name, command);
    } catch (error) {
      const reason = (error as { stderr?: string }).stderr?.trim() || String(error);
      missing.push(`${name} cannot be measured: ${reason}`);
    }
  };
  const { classPath } = findDistribution('3.8');
  commands.set('ours', program('client-ours.ts', connectString));
  await add('zookeeper', program('client-zookeeper.ts', connectString));
  await add('node-zookeeper-client', program('client-node-zookeeper-client.ts', connectString));
  await add('java', javaProgram(classPath, connectString), classPath);
  return { commands, missing };
}
