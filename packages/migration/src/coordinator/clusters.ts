/** The two ensembles of a migration, as its steps see them. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '@orchestrator/runtime';
import type { EnsembleAccess } from '@orchestrator/sync';
import { accessOf, connectStringOf, present } from '../config/access.ts';
import type { ClusterConfig, MigrationConfig } from '../config/schema.ts';
import { createDeployer } from '../deploy/create-deployer.ts';
import {
  type EnsemblePlan,
  parseZooCfg,
  planServers,
  type ServerPlan,
  type SourceSettings,
} from '../deploy/ensemble-plan.ts';
import { findServer } from '../deploy/java-process.ts';
import { parseAddresses } from '../ensemble/four-letter.ts';
import { inspectEnsemble } from '../ensemble/inspect.ts';
import type { Cluster } from '../phases/context.ts';

export interface ClusterOptions {
  readonly role: Cluster['role'];
  readonly config: MigrationConfig;
  readonly owner: string;
  readonly folder: string;
  readonly clock: Clock;
  /** The credential of the super user of an ensemble that we deploy; `null` for any other. */
  superCredential(): Promise<string | null>;
}

export function createCluster(options: ClusterOptions): Cluster {
  const { role, config, owner, folder, clock, superCredential } = options;
  const cluster = config[role];
  const connectString = connectStringOf(cluster);
  const tls = cluster.tls === undefined ? undefined : present(cluster.tls);
  return {
    role,
    connectString,
    access: async (): Promise<EnsembleAccess> => {
      const access = await accessOf(cluster);
      const credential = await superCredential();
      if (credential === null) return access;
      return { ...access, auth: [...(access.auth ?? []), { scheme: 'digest', credential }] };
    },
    inspect: (signal) => inspectEnsemble(connectString, { tls, clock, signal }),
    deployer: createDeployer({
      cluster,
      role,
      folder,
      owner,
      startTimeoutMs: config.orchestration.start_timeout_sec * 1000,
      archiveSources: role === 'source' ? (config.archive?.sources ?? []) : [],
      clock,
    }),
  };
}

/** The servers as configured; else as many as the connect string names, with nothing but their client ports known. */
function knownServers(cluster: ClusterConfig): readonly ServerPlan[] {
  const { deploy } = cluster;
  if ('servers' in deploy && deploy.servers !== undefined) return planServers(deploy.servers);
  return parseAddresses(connectStringOf(cluster)).map(({ host, port }, index) => ({
    id: index + 1,
    host,
    clientPort: port,
    quorumPort: 0,
    electionPort: 0,
    adminPort: 0,
    dataFolder: null,
    configFile: null,
  }));
}

/** A plan for servers that are not ours to configure. */
export const existingPlan = (cluster: ClusterConfig): EnsemblePlan => ({
  servers: knownServers(cluster),
  settings: {},
  javaOptions: [],
  superDigest: null,
});

/** What the source runs with: its own file and process where they are on this machine, else what it tells. */
export async function readSourceSettings(config: MigrationConfig, source: Cluster): Promise<SourceSettings> {
  const settings = new Map<string, string>();
  for (const server of await source.inspect())
    for (const [key, value] of server.conf) settings.set(key, value);
  if (config.source.deploy.kind !== 'local') return { settings, javaOptions: [] };
  const javaOptions = new Set<string>();
  for (const { configFile } of knownServers(config.source)) {
    if (configFile === null) continue;
    for (const [key, value] of parseZooCfg(await readFile(configFile, 'utf8'))) settings.set(key, value);
    const running = await findServer(configFile);
    for (const option of running?.argv ?? []) if (option.startsWith('-D')) javaOptions.add(option);
  }
  return { settings, javaOptions: [...javaOptions] };
}
