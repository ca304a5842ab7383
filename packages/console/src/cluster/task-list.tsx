import { useSearchParams } from 'wouter';
import { type Choice, Select, TextField } from '../ui/index.ts';
import styles from './cluster.module.css';
import type { ClusterState } from './cluster-state.ts';
import { taskTones, taskWord } from './task-states.ts';
import { TaskTable } from './task-table.tsx';

const everything = '';

const stateChoices: readonly Choice<string>[] = [
  { value: everything, label: 'any' },
  { value: 'active', label: 'not ended' },
  { value: 'ended', label: 'ended' },
  ...(Object.keys(taskTones) as (keyof typeof taskTones)[]).map((state) => ({
    value: state,
    label: taskWord(state),
  })),
];

/** All tasks; the filters stand in the link. */
export function TaskList({ state }: { readonly state: ClusterState }) {
  const [search, setSearch] = useSearchParams();
  const chosen = (name: string) => search.get(name) ?? everything;
  const set = (name: string, value: string) =>
    setSearch(
      (now) => {
        const next = new URLSearchParams(now);
        if (value === everything) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const names = ['state', 'framework', 'agent', 'role', 'text'] as const;
  const filter = Object.fromEntries(
    names.flatMap((name) => (chosen(name) === everything ? [] : [[name, chosen(name)]])),
  );
  const any = { value: everything, label: 'any' };
  return (
    <>
      <div className={styles.filters}>
        <TextField
          label="Find"
          type="search"
          placeholder="id, name, host or framework"
          value={chosen('text')}
          onChange={(event) => set('text', event.target.value)}
        />
        <Select
          label="State"
          value={chosen('state')}
          choices={stateChoices}
          onChange={(value) => set('state', value)}
        />
        <Select
          label="Framework"
          value={chosen('framework')}
          choices={[any, ...state.frameworks.map(({ id, name }) => ({ value: id, label: name }))]}
          onChange={(value) => set('framework', value)}
        />
        <Select
          label="Agent"
          value={chosen('agent')}
          choices={[any, ...state.agents.map(({ id, hostName }) => ({ value: id, label: hostName }))]}
          onChange={(value) => set('agent', value)}
        />
        <Select
          label="Role"
          value={chosen('role')}
          choices={[any, ...state.roles.map(({ name }) => ({ value: name, label: name }))]}
          onChange={(value) => set('role', value)}
        />
      </div>
      <TaskTable
        empty="No task is like this. Change what is looked for above."
        title="Tasks"
        filter={filter}
        revision={state.summary.tasksRevision}
      />
    </>
  );
}
