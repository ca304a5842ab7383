/** `docs/zk-migrate/configuration.md`: every key of both configurations, from their schemas. */
import { serverConfigSchema } from '@orchestrator/cli';
import { migrationConfigSchema } from '@orchestrator/migration';
import { type ConfigKey, describeSchema } from '@orchestrator/runtime';
import { codeCell, table } from './markdown.ts';

const introduction = `# Configuration

One YAML (or JSON) file describes a migration. Every key below can also be set by an environment variable, in capitals
and with \`_\` for \`.\`, behind \`ZK_MIGRATE_\`: \`ZK_MIGRATE_MIGRATION_SYNC_LAG_THRESHOLD_MS=50\`. The variable wins over the
file; \`--source-zk\` and \`--target-zk\` win over both. A wrong key or value is named with its line, and nothing is done.

The smallest file, for a Cluster-B that runs already and is empty:

\`\`\`yaml
migration:
  name: "prod-zk-migration"
  source:
    zookeeper: "10.0.1.10:2181,10.0.1.11:2181,10.0.1.12:2181"
    quorum_servers: ["10.0.1.10:2888", "10.0.1.11:2888", "10.0.1.12:2888"]
  target:
    zookeeper: "10.1.1.10:2181,10.1.1.11:2181,10.1.1.12:2181"
    quorum_servers: ["10.1.1.10:2888", "10.1.1.11:2888", "10.1.1.12:2888"]
\`\`\`

A Cluster-B that is deployed over ssh, from data folders that are empty, and a Cluster-A that is shut down and archived:

\`\`\`yaml
migration:
  name: "prod-zk-migration"
  source:
    zookeeper: "10.0.1.10:2181,10.0.1.11:2181,10.0.1.12:2181"
    quorum_servers: ["10.0.1.10:2888", "10.0.1.11:2888", "10.0.1.12:2888"]
    auth:
      - credential: { file: /etc/zk-migrate/super-of-a }      # user:password, for ACLs that keep others out
  target:
    deploy:
      kind: ssh
      user: zookeeper
      servers:
        - { id: 1, host: 10.1.1.10 }
        - { id: 2, host: 10.1.1.11 }
        - { id: 3, host: 10.1.1.12 }
  sync:
    lag_threshold_ms: 100
    conflict_resolution: "last-write-wins"
    paths_to_sync: ["/"]
    election_groups: ["/mesos"]
  orchestration:
    require_manual_approval: true
    rollback_retention_hours: 72
  archive:
    folder: /srv/archive
    key_file: /etc/zk-migrate/archive.key
\`\`\`
`;

const meaning = (key: ConfigKey) => `${key.description}${key.secret ? ' (a secret: never shown)' : ''}`;

function rows(keys: readonly ConfigKey[], skip: RegExp): string {
  return table(
    ['Key', 'Type', 'Default', 'Meaning'],
    keys
      .filter(({ key }) => !skip.test(key))
      .map((key) => [codeCell(key.key), key.type, codeCell(key.default), meaning(key)]),
  );
}

type Schema = Parameters<typeof describeSchema>[0];

interface DeployKind {
  readonly shape: { readonly kind: { readonly value: string; readonly description?: string | undefined } };
}

/** The kinds of `deploy`: an option each, told apart by `kind`. */
function deployKinds(): readonly (DeployKind & Schema)[] {
  const { target } = migrationConfigSchema.shape.migration.shape;
  const deploy = target.shape.deploy.unwrap() as unknown as { options: readonly (DeployKind & Schema)[] };
  return deploy.options;
}

function deploySections(): string {
  return deployKinds()
    .map((option) => {
      const { kind } = option.shape;
      const keys = describeSchema(option).filter(({ key }) => key !== 'kind');
      const described = keys.length === 0 ? 'No further keys.' : rows(keys, /^$/);
      return `### deploy: kind: ${kind.value}\n\n${kind.description}.\n\n${described}`;
    })
    .join('\n\n');
}

export function configurationDocument(): string {
  const keys = describeSchema(migrationConfigSchema).map((key) => ({
    ...key,
    key: key.key.replace(/^migration\./, ''),
  }));
  const section = (title: string, skip = /^$/) =>
    `## ${title}\n\n${rows(
      keys.filter(({ key }) => key.startsWith(`${title}.`)),
      skip,
    )}`;
  return [
    introduction,
    '`migration.name` (letters, digits, `.`, `_` and `-`) is required. The tables leave out the leading `migration.`.',
    '',
    section('source', /^source\.deploy/),
    '',
    '`target` takes the same keys. There `zookeeper` may be left out when `deploy` names the servers.',
    '',
    '## deploy',
    '',
    'Below `source` or `target`. Without it, a source is stopped by hand (`manual`) and a target is one that runs already (`adopt`).',
    '',
    deploySections(),
    '',
    section('sync'),
    '',
    section('orchestration'),
    '',
    section('alerts'),
    '',
    section('archive'),
    '',
    '## The server',
    '',
    '`zk-migrate serve --config=FILE` takes a file of its own. Its variables begin with `ZK_MIGRATE_SERVER_`; `--listen` and',
    '`--store` win over both.',
    '',
    rows(describeSchema(serverConfigSchema), /^$/),
    '',
  ].join('\n');
}
