import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { type Plugin, type Probe, useAbout, useProbes } from '../api/index.ts';
import {
  Ago,
  type Column,
  Columns,
  EmptyState,
  formatNumber,
  Panel,
  Status,
  sentence,
  Table,
} from '../ui/index.ts';
import { useCoordinators, useMasters } from './requests.ts';
import styles from './settings.module.css';

const probeColumns: readonly Column<Probe>[] = [
  {
    ...{ id: 'host', label: 'Host', width: 'minmax(160px, 2fr)' },
    value: ({ hostname }) => hostname,
    render: ({ hostname, id }) => <span title={id}>{hostname}</span>,
  },
  {
    ...{ id: 'state', label: 'State', width: '140px' },
    value: ({ connected }) => Number(connected),
    render: ({ connected }) => (
      <Status tone={connected ? 'ok' : 'warn'}>{connected ? 'connected' : 'silent'}</Status>
    ),
  },
  {
    ...{ id: 'version', label: 'Version', width: '120px' },
    value: ({ version }) => version,
    render: ({ version }) => version,
  },
  {
    ...{ id: 'nodes', label: 'Tells of', width: '120px', align: 'right' },
    value: ({ nodes }) => nodes,
    render: ({ nodes }) => `${formatNumber(nodes)} nodes`,
  },
  {
    ...{ id: 'seen', label: 'Last heard', width: 'minmax(120px, 1fr)' },
    value: ({ lastSeen }) => lastSeen,
    render: ({ lastSeen }) => <Ago atMs={Date.parse(lastSeen)} />,
  },
];

function Probes() {
  const { data } = useProbes();
  return (
    <Panel title="Probes" flush>
      <Table
        fitted
        label="Probes"
        columns={probeColumns}
        rows={data ?? []}
        keyOf={({ id }) => id}
        sorting={{ column: 'host', descending: false }}
        empty={
          <EmptyState icon="topology" title="No probe has reported">
            <code>orchestrator probe</code> on each host shows what runs there; the{' '}
            <Link href="/topology">first page</Link> says how to start one.
          </EmptyState>
        }
      />
    </Panel>
  );
}

const pluginColumns: readonly Column<Plugin>[] = [
  {
    ...{ id: 'plugin', label: 'Plugin', width: 'minmax(160px, 1fr)' },
    value: ({ label, id }) => label || id,
    render: ({ label, id }) => <span title={id}>{label || id}</span>,
  },
  {
    ...{ id: 'host', label: 'Host', width: 'minmax(120px, 1fr)' },
    value: ({ host }) => host,
    render: ({ host }) => host,
  },
  {
    ...{ id: 'about', label: 'About', width: 'minmax(160px, 1fr)' },
    value: ({ description }) => description,
    render: ({ description }) => description,
  },
  {
    ...{ id: 'health', label: 'Health', width: 'minmax(200px, 2fr)' },
    value: ({ status }) => status,
    render: ({ status }) => <Status tone={status === 'ok' ? 'ok' : 'bad'}>{status}</Status>,
  },
];

/** Those of all probes; a page without any says nothing of them. */
function Plugins() {
  const plugins = useAbout().data?.plugins ?? [];
  if (plugins.length === 0) return null;
  return (
    <Panel title="Plugins" flush>
      <Table
        fitted
        label="Plugins"
        columns={pluginColumns}
        rows={plugins}
        keyOf={({ host, id }) => `${host} ${id}`}
        sorting={{ column: 'plugin', descending: false }}
      />
    </Panel>
  );
}

interface Party {
  readonly name: string;
  readonly isThere: boolean;
  readonly note: string;
}

function Parties(props: {
  readonly title: string;
  readonly parties: readonly Party[];
  readonly none: ReactNode;
}) {
  const { title, parties, none } = props;
  return (
    <Panel title={title}>
      {parties.length === 0 && <p className="aside">{none}</p>}
      <ul className={styles.parties}>
        {parties.map(({ name, isThere, note }) => (
          <li key={name}>
            <Status tone={isThere ? 'ok' : 'bad'}>
              <code>{name}</code>
            </Status>
            <span>{note}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Who tells this monitor what, and whether they are heard. */
export function Connected() {
  const masters = useMasters().data;
  const coordinators = useCoordinators().data?.coordinators ?? [];
  const problem = masters?.problem ?? null;
  return (
    <>
      <Probes />
      <Plugins />
      <Columns>
        <Parties
          title="Mesos masters"
          parties={(masters?.masters ?? []).map(({ address, leads }) => ({
            name: address,
            isThere: problem === null,
            note: problem !== null ? sentence(problem.message) : leads ? 'leads' : 'stands by',
          }))}
          none={
            <>
              None is configured: <code>cluster.master</code>.
            </>
          }
        />
        <Parties
          title="Coordinators of migrations"
          parties={coordinators.map(({ name, url, reachable, problem: why }) => ({
            name,
            isThere: reachable,
            note: why === null ? url : sentence(why.message),
          }))}
          none={
            <>
              None is configured: <code>migrations.coordinators</code>.
            </>
          }
        />
      </Columns>
    </>
  );
}
