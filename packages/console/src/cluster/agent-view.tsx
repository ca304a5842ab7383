import type { ClusterAgent } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { Link } from 'wouter';
import { permits, useSession } from '../api/index.ts';
import { Ago, Button, Columns, EmptyState, Facts, Panel, Status, useToasts } from '../ui/index.ts';
import type { ClusterState } from './cluster-state.ts';
import { DrainDialog } from './drain-dialog.tsx';
import { activateAgent, drainAgent } from './requests.ts';
import { agentTones } from './task-states.ts';
import { TaskTable } from './task-table.tsx';
import { Usage } from './usage.tsx';

function Acts({ agent }: { readonly agent: ClusterAgent }) {
  const toasts = useToasts();
  const [isDraining, setDraining] = useState(false);
  const { id, hostName, state } = agent;
  const takesTasks = state === 'active';
  const activate = () =>
    toasts.run(
      takesTasks
        ? { running: `Deactivating ${hostName}`, done: `${hostName} gets no new tasks` }
        : { running: `Reactivating ${hostName}`, done: `${hostName} takes tasks again` },
      () => activateAgent(id, takesTasks ? 'deactivate' : 'reactivate'),
    );
  return (
    <>
      <Button onClick={() => void activate()}>{takesTasks ? 'Deactivate' : 'Reactivate'}</Button>
      {state !== 'draining' && state !== 'drained' && (
        <Button kind="danger" onClick={() => setDraining(true)}>
          Drain…
        </Button>
      )}
      {isDraining && (
        <DrainDialog
          agent={agent}
          onClose={() => setDraining(false)}
          onChosen={(body) => {
            setDraining(false);
            const told = {
              running: `Draining ${hostName}`,
              done: `The tasks of ${hostName} are being ended`,
            };
            void toasts.run(told, () => drainAgent(id, body));
          }}
        />
      )}
    </>
  );
}

export function AgentView({ state, id }: { readonly state: ClusterState; readonly id: string }) {
  const who = useSession().data;
  const agent = state.agents.find((each) => each.id === id);
  if (agent === undefined) {
    return (
      <EmptyState icon="cluster" title="This agent is not registered (any more)">
        <Link href="/cluster/agents">See all agents</Link>
      </EmptyState>
    );
  }
  return (
    <>
      <Columns>
        <Panel title={agent.hostName} actions={permits(who, 'operator') && <Acts agent={agent} />}>
          <Facts
            facts={[
              [
                'State',
                <Status key="state" tone={agentTones[agent.state]}>
                  {agent.state}
                </Status>,
              ],
              ['Id', <code key="id">{agent.id}</code>],
              ['Address', <code key="address">{agent.address}</code>],
              ['Version', agent.version],
              ['Registered', <Ago key="registered" atMs={agent.registeredMs} />],
              ['Maintenance', agent.maintenance],
              ...Object.entries(agent.attributes).map(
                ([name, value]) => [name, <code key={name}>{value}</code>] as const,
              ),
            ]}
          />
        </Panel>
        <Panel title="Resources">
          <Usage {...agent} />
        </Panel>
      </Columns>
      <TaskTable
        empty="No task runs on this agent."
        title="Tasks"
        filter={{ agent: id }}
        revision={state.summary.tasksRevision}
      />
    </>
  );
}
