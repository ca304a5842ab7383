/** Servers on this machine. They are started so that they outlive the coordinator, and found again by their zoo.cfg. */
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type Clock, makeFolder } from '@orchestrator/runtime';
import { filesBelow } from '../archive/archive.ts';
import type { ArchiveFile } from '../archive/records.ts';
import { MigrationError } from '../errors.ts';
import type { DeployContext, Deployer, Seed, ServerState } from './deployer.ts';
import {
  type EnsemblePlan,
  ownershipFile,
  parseZooCfg,
  type ServerPlan,
  serverArguments,
  zooCfg,
} from './ensemble-plan.ts';
import { findServer, startServer, stopServer } from './java-process.ts';
import { awaitServing, connectStringOfPlan } from './reach.ts';

export interface LocalDeployerOptions {
  /** Holds a folder per server, and what is remembered of servers that are stopped. */
  readonly folder: string;
  /** `null`: Debian's package. */
  readonly install: string | null;
  readonly java: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Stands in the ownership file, so that folders of another migration are not touched. */
  readonly owner: string;
}

/** How a server was running when it was stopped: it is started again in just that way. */
interface Launch {
  readonly argv: readonly string[];
  readonly workingFolder: string;
}

export function createLocalDeployer(options: LocalDeployerOptions): Deployer {
  const { folder, install, java, timeoutMs, clock, owner } = options;
  const home = (server: ServerPlan) => join(folder, `server-${server.id}`);
  const configFile = (server: ServerPlan) => server.configFile ?? join(home(server), 'zoo.cfg');
  const dataFolder = (server: ServerPlan) => server.dataFolder ?? join(home(server), 'data');
  const launchFile = (server: ServerPlan) => join(home(server), 'launch.json');

  const deployServer = async (plan: EnsemblePlan, server: ServerPlan): Promise<void> => {
    await claimFolder(home(server), owner);
    await claimFolder(dataFolder(server), owner);
    await writeFile(join(dataFolder(server), 'myid'), `${server.id}\n`);
    await writeFile(configFile(server), zooCfg(plan, server, dataFolder(server)), { mode: 0o600 });
  };

  const seedServer = async (server: ServerPlan, seed: Seed): Promise<void> => {
    if ((await findServer(configFile(server))) !== undefined) {
      throw new MigrationError('precondition', `server ${server.id} runs; its data cannot be replaced`, {
        remedy: 'stop it, or roll back to phase 0 first',
      });
    }
    await claimFolder(dataFolder(server), owner);
    const version2 = join(dataFolder(server), 'version-2');
    await rm(version2, { recursive: true, force: true });
    await mkdir(version2);
    const partial = join(dataFolder(server), 'seed.partial');
    await copyFile(seed.file, partial, constants.COPYFILE_FICLONE);
    await rename(partial, join(version2, seed.fileName));
  };

  const launchOf = async (plan: EnsemblePlan, server: ServerPlan): Promise<Launch> => {
    const remembered = await readFile(launchFile(server), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (remembered !== undefined) return JSON.parse(remembered) as Launch;
    const argv = [java, ...serverArguments(plan, install, configFile(server))];
    return { argv, workingFolder: dirname(configFile(server)) };
  };

  const startOne = async (plan: EnsemblePlan, server: ServerPlan): Promise<void> => {
    if ((await findServer(configFile(server))) !== undefined) return;
    await makeFolder(home(server));
    const { argv, workingFolder } = await launchOf(plan, server);
    await startServer(argv, workingFolder, join(home(server), 'server.log'));
  };

  const stopOne = async (server: ServerPlan, signal: AbortSignal): Promise<void> => {
    const running = await findServer(configFile(server));
    if (running === undefined) return;
    await makeFolder(home(server));
    const { argv, workingFolder } = running;
    await writeFile(launchFile(server), JSON.stringify({ argv, workingFolder }), { mode: 0o600 });
    await stopServer(running, configFile(server), { clock, signal, timeoutMs });
  };

  const stateOf = async (server: ServerPlan): Promise<ServerState> => {
    const running = await findServer(configFile(server));
    if (running !== undefined) return { id: server.id, state: 'running', detail: `process ${running.pid}` };
    const present = await exists(configFile(server));
    return { id: server.id, state: present ? 'stopped' : 'absent', detail: configFile(server) };
  };

  const destroyOne = async (server: ServerPlan, ctx: DeployContext): Promise<void> => {
    await stopOne(server, ctx.signal);
    for (const path of new Set([dataFolder(server), home(server)]))
      if (await isOwned(path, owner)) await rm(path, { recursive: true, force: true });
  };

  return {
    kind: 'local',
    describe: (plan) =>
      plan.servers.map(
        (server) =>
          `server ${server.id} on this machine: clients on ${server.host}:${server.clientPort}, data in ${dataFolder(server)}, ${configFile(server)}`,
      ),
    deploy: async (plan) => {
      for (const server of plan.servers) await deployServer(plan, server);
    },
    placeSeed: async (plan, seed) => {
      for (const server of plan.servers) await seedServer(server, seed);
    },
    start: async (plan, ctx) => {
      for (const server of plan.servers) await startOne(plan, server);
      const remedy = `look at ${join(folder, 'server-*/server.log')}`;
      await awaitServing(connectStringOfPlan(plan), { clock, signal: ctx.signal, timeoutMs, remedy });
    },
    stop: async (plan, ctx) => {
      await Promise.all(plan.servers.map((server) => stopOne(server, ctx.signal)));
    },
    status: (plan) => Promise.all(plan.servers.map(stateOf)),
    destroy: async (plan, ctx) => {
      for (const server of plan.servers) await destroyOne(server, ctx);
    },
    files: (plan) => serverFiles(plan, configFile, dataFolder),
  };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function isOwned(folder: string, owner: string): Promise<boolean> {
  const mark = await readFile(join(folder, ownershipFile), 'utf8').catch(() => undefined);
  return mark?.trim() === owner;
}

/** @throws MigrationError `precondition` when the folder holds anything that this migration has not put there */
async function claimFolder(folder: string, owner: string): Promise<void> {
  await makeFolder(folder, 0o700);
  const present = await readdir(folder);
  if (present.length > 0 && !(await isOwned(folder, owner))) {
    throw new MigrationError('precondition', `${folder} is not empty (${present.slice(0, 3).join(', ')})`, {
      remedy: 'name another folder, or empty this one if nobody needs it',
    });
  }
  await writeFile(join(folder, ownershipFile), `${owner}\n`);
}

async function* serverFiles(
  plan: EnsemblePlan,
  configFile: (server: ServerPlan) => string,
  dataFolder: (server: ServerPlan) => string,
): AsyncGenerator<ArchiveFile, void, undefined> {
  for (const server of plan.servers) {
    const prefix = `server-${server.id}`;
    const text = await readFile(configFile(server), 'utf8');
    const settings = parseZooCfg(text);
    const data = server.dataFolder ?? settings.get('dataDir') ?? dataFolder(server);
    const logs = settings.get('dataLogDir');
    yield {
      path: `${prefix}/zoo.cfg`,
      mode: 0o600,
      modifiedMs: Math.round((await stat(configFile(server))).mtimeMs),
      content: Readable.from([Buffer.from(text)]),
    };
    yield* filesBelow(data, `${prefix}/data`);
    if (logs !== undefined && logs !== data) yield* filesBelow(logs, `${prefix}/logs`);
  }
}
