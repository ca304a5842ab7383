import type { Explanation } from '@orchestrator/monitor/schema';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Button, ErrorState, Facts, formatPercent, formatTime, Loading, Panel } from '../ui/index.ts';
import styles from './cluster.module.css';
import { agentName, type ClusterState } from './cluster-state.ts';
import { explainFramework } from './requests.ts';

type FrameworkExplained = Extract<Explanation, { kind: 'framework' }>;

const stateWords = {
  asked: 'asks for offers',
  suppressed: 'has said that it wants none',
  'framework-inactive': 'its framework is inactive',
} as const;

const becauseWords = {
  guarantee: 'its role has a guarantee that was not reached',
  'lower-share': 'its share was lower',
  'its-turn': 'it was its turn',
} as const;

function Role({ role }: { readonly role: FrameworkExplained['roles'][number] }) {
  return (
    <section className={styles.explained} aria-label={`Role ${role.role}`}>
      <h3>{role.role}</h3>
      <Facts
        facts={[
          ['State', stateWords[role.state]],
          [
            'Share',
            `role ${formatPercent(role.roleShare * 100)}, framework ${formatPercent(role.frameworkShare * 100)}`,
          ],
          ['Could be offered', `${role.offerableAgents} agents`],
          ...role.obstacles.map(
            ({ kind, agents, examples }) =>
              [
                kind.replaceAll('-', ' '),
                <span
                  key={kind}
                  title={examples.map(({ agentId, detail }) => `${agentId}: ${detail}`).join('\n')}
                >
                  {agents} agents{examples[0] === undefined ? '' : `; ${examples[0].detail}`}
                </span>,
              ] as const,
          ),
        ]}
      />
    </section>
  );
}

/** Why a framework gets what it gets: what is in the way, role by role, and who was served instead. */
export function FrameworkExplanation({ id, state }: { readonly id: string; readonly state: ClusterState }) {
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['cluster', 'explain', id],
    queryFn: () => explainFramework(id),
  });
  const explained = data?.kind === 'framework' ? data : undefined;
  return (
    <Panel
      title="Why it gets the offers it gets"
      actions={
        <Button kind="quiet" busy={isFetching} onClick={() => void refetch()}>
          Ask again
        </Button>
      }
    >
      {explained === undefined && (error === null ? <Loading /> : <ErrorState error={error} />)}
      {explained?.roles.map((role) => (
        <Role key={role.role} role={role} />
      ))}
      {explained !== undefined && explained.wentElsewhere.length > 0 && (
        <section className={styles.explained} aria-label="Went elsewhere">
          <h3>Went elsewhere lately</h3>
          <ul>
            {explained.wentElsewhere.slice(0, 5).map(({ atMs, agentId, frameworkId, role, because }) => (
              <li key={`${atMs} ${agentId}`}>
                {formatTime(atMs)}: {agentName(state, agentId)} to{' '}
                <Link href={`/cluster/frameworks/${encodeURIComponent(frameworkId)}`}>
                  {state.frameworks.find((each) => each.id === frameworkId)?.name ?? frameworkId}
                </Link>{' '}
                (role {role}), since {becauseWords[because]}
              </li>
            ))}
          </ul>
        </section>
      )}
    </Panel>
  );
}
