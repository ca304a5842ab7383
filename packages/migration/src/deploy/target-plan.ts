/** The target's servers from its configuration and from what the source runs with. */
import type { ClusterConfig } from '../config/schema.ts';
import type { Deployer } from './deployer.ts';
import {
  type EnsemblePlan,
  type NotCarried,
  planEnsemble,
  type SourceSettings,
  zooCfg,
} from './ensemble-plan.ts';

/** `null` for an ensemble that is adopted as it is. */
export function planTargetFrom(
  deploy: ClusterConfig['deploy'],
  source: SourceSettings,
): { plan: EnsemblePlan; notCarried: readonly NotCarried[] } | null {
  if (deploy.kind === 'adopt' || deploy.servers === undefined) return null;
  return planEnsemble({
    servers: deploy.servers,
    source,
    overrides: deploy.settings,
    javaOptions: deploy.java_options,
    superDigest: null,
  });
}

/** What a migration would do to get its target, for a person to read before it is begun. */
export interface DeploymentPreview {
  readonly deployer: Deployer['kind'];
  /** One line or command each. */
  readonly actions: readonly string[];
  /** The first server's zoo.cfg, without the super user's digest; `null` when none is written. */
  readonly zooCfg: string | null;
  readonly notCarried: readonly NotCarried[];
}

export function previewDeployment(
  deployer: Deployer,
  deploy: ClusterConfig['deploy'],
  source: SourceSettings,
): DeploymentPreview {
  const planned = planTargetFrom(deploy, source);
  const first = planned?.plan.servers[0];
  const plan = planned?.plan ?? { servers: [], settings: {}, javaOptions: [], superDigest: null };
  return {
    deployer: deployer.kind,
    actions: deployer.describe(plan),
    zooCfg: first === undefined ? null : zooCfg(plan, first, first.dataFolder ?? 'DATA_FOLDER'),
    notCarried: planned?.notCarried ?? [],
  };
}
