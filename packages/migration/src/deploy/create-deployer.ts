/** The deployer that a cluster's configuration asks for. */
import { join } from 'node:path';
import type { Clock } from '@orchestrator/runtime';
import { connectStringOf, present } from '../config/access.ts';
import type { ClusterConfig } from '../config/schema.ts';
import { createAdoptDeployer } from './adopt.ts';
import { createCommandDeployer } from './command.ts';
import type { Deployer } from './deployer.ts';
import { createLocalDeployer } from './local.ts';
import { createManualDeployer } from './manual.ts';
import { createSshDeployer } from './ssh.ts';

export interface CreateDeployerOptions {
  readonly cluster: ClusterConfig;
  readonly role: 'source' | 'target';
  /** The migration's own folder on this machine. */
  readonly folder: string;
  /** The migration's id: stands in every folder that is deployed. */
  readonly owner: string;
  readonly startTimeoutMs: number;
  readonly archiveSources: readonly string[];
  readonly clock: Clock;
}

/** People sleep, and go on holiday; a step that waits for them can be paused and rolled back like any other. */
const personMs = 30 * 24 * 3_600_000;

export function createDeployer(options: CreateDeployerOptions): Deployer {
  const { cluster, role, owner, startTimeoutMs: timeoutMs, clock } = options;
  const { deploy } = cluster;
  const folder = join(options.folder, role);
  const tls = cluster.tls === undefined ? undefined : present(cluster.tls);
  const connectString = connectStringOf(cluster);
  switch (deploy.kind) {
    case 'adopt':
      return createAdoptDeployer({ connectString, tls, timeoutMs, clock });
    case 'manual':
      return createManualDeployer({
        folder,
        connectString,
        tls,
        timeoutMs: Math.max(timeoutMs, personMs),
        clock,
        archiveSources: options.archiveSources,
        title: role === 'source' ? 'Cluster-A' : 'Cluster-B',
      });
    case 'local':
      return createLocalDeployer({
        folder: deploy.folder ?? folder,
        install: deploy.install ?? null,
        java: deploy.java,
        timeoutMs,
        clock,
        owner,
      });
    case 'ssh': {
      const {
        kind: _,
        servers: _servers,
        settings: _settings,
        java_options: _options,
        version: _version,
        ...ssh
      } = deploy;
      return createSshDeployer({ ...ssh, owner, timeoutMs, clock });
    }
    case 'command':
      return createCommandDeployer({
        command: deploy.command,
        cluster: role,
        owner,
        timeoutMs: deploy.timeout_sec * 1000,
        environment: deploy.environment,
        clock,
      });
  }
}
