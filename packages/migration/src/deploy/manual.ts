/** Instructions for a person, and the wait for what comes of them. */
import { constants } from 'node:fs';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, makeFolder } from '@orchestrator/runtime';
import type { TlsFiles } from '@orchestrator/sync';
import { filesBelow } from '../archive/archive.ts';
import type { ArchiveFile } from '../archive/records.ts';
import { formatAddress, isListening } from '../ensemble/four-letter.ts';
import type { Deployer, ServerState } from './deployer.ts';
import { type EnsemblePlan, type ServerPlan, zooCfg } from './ensemble-plan.ts';
import { awaitServing, awaitSilence } from './reach.ts';

export interface ManualOptions {
  /** Files for the servers are prepared in here. */
  readonly folder: string;
  readonly connectString: string;
  readonly tls?: TlsFiles | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Folders on this machine that an archive is made of. */
  readonly archiveSources: readonly string[];
  /** `Cluster-A` or `Cluster-B`, for the instructions. */
  readonly title: string;
}

const placeholder = (server: ServerPlan) => server.dataFolder ?? `DATA_FOLDER_OF_SERVER_${server.id}`;

async function* archiveFiles(sources: readonly string[]): AsyncGenerator<ArchiveFile, void, undefined> {
  for (const [index, source] of sources.entries()) yield* filesBelow(source, `source-${index + 1}`);
}

export function createManualDeployer(options: ManualOptions): Deployer {
  const { folder, connectString, tls, timeoutMs, clock, archiveSources, title } = options;
  const home = (server: ServerPlan) => join(folder, `server-${server.id}`);

  const stateOf = async (server: ServerPlan): Promise<ServerState> => {
    const address = { host: server.host, port: server.clientPort };
    const running = await isListening(address, { clock });
    return { id: server.id, state: running ? 'running' : 'unknown', detail: formatAddress(address) };
  };

  const prepare = async (plan: EnsemblePlan): Promise<void> => {
    for (const server of plan.servers) {
      await makeFolder(home(server), 0o700);
      await writeFile(join(home(server), 'zoo.cfg'), zooCfg(plan, server, placeholder(server)), {
        mode: 0o600,
      });
      await writeFile(join(home(server), 'myid'), `${server.id}\n`);
    }
  };

  return {
    kind: 'manual',
    describe: (plan) => [
      `files for each server are written to ${folder}`,
      ...plan.servers.map((server) => `you start server ${server.id} on ${server.host}`),
    ],
    deploy: async (plan, ctx) => {
      await prepare(plan);
      const lines = plan.servers.map(
        (server) => `  server ${server.id} on ${server.host}: ${home(server)}/zoo.cfg and myid`,
      );
      await ctx.instruct(
        `${title}: install ZooKeeper on each machine and copy its files there; myid belongs into the data folder:\n${lines.join('\n')}`,
      );
    },
    placeSeed: async (plan, seed, ctx) => {
      await makeFolder(folder);
      const partial = join(folder, 'seed.partial');
      const place = join(folder, seed.fileName);
      await copyFile(seed.file, partial, constants.COPYFILE_FICLONE);
      await rename(partial, place);
      const lines = plan.servers.map((server) => `  ${server.host}: ${placeholder(server)}/version-2/`);
      await ctx.instruct(
        `${title}: copy ${place} into the empty folder version-2 below each data folder:\n${lines.join('\n')}`,
      );
    },
    start: async (_, ctx) => {
      await ctx.instruct(`${title}: start every server (${connectString}); this is waited for`);
      const remedy = 'start them, then zk-migrate resume';
      await awaitServing(connectString, { clock, signal: ctx.signal, timeoutMs, tls, remedy });
      await ctx.followed();
    },
    stop: async (plan, ctx) => {
      await ctx.instruct(`${title}: stop every server (${connectString}); this is waited for`);
      const remedy = 'stop them, then zk-migrate resume';
      await awaitSilence(plan, { clock, signal: ctx.signal, timeoutMs, remedy });
      await ctx.followed();
    },
    status: (plan) => Promise.all(plan.servers.map(stateOf)),
    destroy: async (_, ctx) => {
      await rm(folder, { recursive: true, force: true });
      await ctx.instruct(`${title}: its servers and their data folders are no longer needed`);
    },
    files: () => (archiveSources.length === 0 ? null : archiveFiles(archiveSources)),
  };
}
