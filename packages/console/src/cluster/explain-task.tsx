import type { Explanation } from '@orchestrator/monitor/schema';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import {
  Button,
  Columns,
  EmptyState,
  ErrorState,
  formatNumber,
  Loading,
  Panel,
  Status,
  TextField,
} from '../ui/index.ts';
import { amountText, labelOf, parseAmounts, quantitiesText } from './amounts.ts';
import styles from './cluster.module.css';
import { agentName, type ClusterState } from './cluster-state.ts';
import { explainTask } from './requests.ts';

type TaskExplained = Extract<Explanation, { kind: 'task' }>;

function verdictOf({
  activeAgents,
  fitsNow,
  fitsWhenEmpty,
}: TaskExplained): readonly ['ok' | 'warn' | 'bad', string] {
  if (fitsNow > 0) return ['ok', `${fitsNow} of ${activeAgents} agents could take it at once`];
  if (fitsWhenEmpty > 0)
    return [
      'warn',
      `No agent has room now; ${fitsWhenEmpty} of ${activeAgents} would if nothing else ran there`,
    ];
  return ['bad', `None of ${activeAgents} agents could ever take it`];
}

const agents = (count: number) => (count === 1 ? '1 agent' : `${formatNumber(count)} agents`);

function metText(neverMetBy: number, notNowMetBy: number): string {
  const parts = [
    neverMetBy > 0 ? `${agents(neverMetBy)} can never meet it` : '',
    notNowMetBy > 0 ? `${agents(notNowMetBy)} cannot meet it now` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'Every agent meets it.' : `${parts.join(', ')}.`;
}

function Requirements({ requirements }: Pick<TaskExplained, 'requirements'>) {
  return (
    <ul className={styles.requirements}>
      {requirements.map(({ requirement, neverMetBy, notNowMetBy, amounts }) => (
        <li key={requirement}>
          <h3>
            <Status tone={neverMetBy > 0 ? 'bad' : notNowMetBy > 0 ? 'warn' : 'ok'}>
              {labelOf(requirement)}
            </Status>
          </h3>
          <p>
            {metText(neverMetBy, notNowMetBy)}
            {amounts !== undefined &&
              ` Wanted ${amountText(requirement, amounts.wanted)}; the most that is free ${amountText(requirement, amounts.mostAvailable)}, the most there is ${amountText(requirement, amounts.mostTotal)}.`}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Nearest({ nearest, state }: Pick<TaskExplained, 'nearest'> & { readonly state: ClusterState }) {
  return (
    <ul className={styles.requirements}>
      {nearest.map(({ agentId, missing, unmet, wouldDoWhenEmpty }) => (
        <li key={agentId}>
          <h3>{agentName(state, agentId)}</h3>
          <p>
            Misses{' '}
            {[Object.keys(missing).length > 0 ? quantitiesText(missing) : '', ...unmet]
              .filter((part) => part !== '')
              .join(', ') || 'nothing'}
            {wouldDoWhenEmpty ? '; would do when empty' : ''}.
          </p>
        </li>
      ))}
    </ul>
  );
}

function Explained({
  explained,
  state,
}: {
  readonly explained: TaskExplained;
  readonly state: ClusterState;
}) {
  const [tone, verdict] = verdictOf(explained);
  return (
    <>
      <Panel title="Verdict">
        <Status tone={tone}>{verdict}</Status>
      </Panel>
      <Columns>
        <Panel title="What it needs">
          <Requirements requirements={explained.requirements} />
        </Panel>
        <Panel title="The nearest agents">
          {explained.nearest.length === 0 ? (
            <p className="aside">Every agent could take it, or there is none.</p>
          ) : (
            <Nearest nearest={explained.nearest} state={state} />
          )}
        </Panel>
      </Columns>
    </>
  );
}

/** Which requirement of a task no agent meets, and by how much. The question stands in the link. */
export function ExplainTask({ state }: { readonly state: ClusterState }) {
  const [search, setSearch] = useSearchParams();
  const [role, setRole] = useState(search.get('role') ?? '*');
  const [resources, setResources] = useState(search.get('resources') ?? '');
  const asked = { role: search.get('role') ?? '*', resources: search.get('resources') ?? '' };
  const { problem } = parseAmounts(resources);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['cluster', 'explain-task', asked],
    queryFn: () => explainTask(asked.role, asked.resources),
    enabled: asked.resources !== '',
    staleTime: 0,
  });
  return (
    <>
      <form
        className={styles.filters}
        onSubmit={(event) => {
          event.preventDefault();
          if (problem !== undefined || resources === '') return;
          if (asked.role === role && asked.resources === resources) void refetch();
          else setSearch({ role, resources });
        }}
      >
        <TextField label="Role" list="roles" value={role} onChange={(event) => setRole(event.target.value)} />
        <datalist id="roles">
          {state.roles.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <TextField
          label="Resources of one task"
          placeholder="cpus:2;mem:4096"
          problem={problem}
          value={resources}
          onChange={(event) => setResources(event.target.value)}
        />
        <Button submit kind="primary" busy={isFetching} disabled={resources === '' || problem !== undefined}>
          Explain
        </Button>
      </form>
      {asked.resources === '' && (
        <EmptyState icon="search" title="Why does a task not start?">
          Say which role it has and what it needs: you see which requirement no agent meets, and by how much.
        </EmptyState>
      )}
      {error !== null && <ErrorState error={error} />}
      {data === undefined && isFetching && <Loading />}
      {data?.kind === 'task' && <Explained explained={data} state={state} />}
    </>
  );
}
