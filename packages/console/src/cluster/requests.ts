/** What the pages ask the server for, and what they ask it to do. */
import {
  clusterTaskDetail,
  explanation,
  type Maintenance,
  maintenance,
  type Quantities,
  type SandboxPlace,
  sandboxListing,
  sandboxText,
  taskPage,
} from '@orchestrator/monitor/schema';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { request, urlOf } from '../api/index.ts';

export interface TaskFilter {
  readonly framework?: string;
  readonly agent?: string;
  readonly role?: string;
  /** `active`, `ended`, or states. */
  readonly state?: string;
  readonly text?: string;
}

export interface TaskName {
  readonly framework: string;
  readonly task: string;
}

/** The server gives no more at once; with more, the filters are the way. */
export const taskLimit = 1_000;

const taskPath = ({ framework, task }: TaskName, rest = '') =>
  `/api/cluster/tasks/${encodeURIComponent(framework)}/${encodeURIComponent(task)}${rest}`;
const agentPath = (id: string, act: string) => `/api/cluster/agents/${encodeURIComponent(id)}/${act}`;
const rolePath = (name: string, what: string) => `/api/cluster/roles/${encodeURIComponent(name)}/${what}`;

/** @param revision of the summary: with another one, tasks have changed */
export const useTasks = (filter: TaskFilter, revision: number) =>
  useQuery({
    queryKey: ['cluster', 'tasks', filter, revision],
    queryFn: ({ signal }) =>
      request('/api/cluster/tasks', { query: { ...filter, limit: taskLimit }, schema: taskPage, signal }),
    placeholderData: keepPreviousData,
  });

export const useTask = (name: TaskName, revision: number) =>
  useQuery({
    queryKey: ['cluster', 'task', name, revision],
    queryFn: ({ signal }) => request(taskPath(name), { schema: clusterTaskDetail, signal }),
    placeholderData: keepPreviousData,
  });

export const explainFramework = (framework: string) =>
  request('/api/cluster/explain', { query: { framework }, schema: explanation });

export const explainTask = (role: string, resources: string) =>
  request('/api/cluster/explain', { query: { role, resources }, schema: explanation });

export const useListing = (place: SandboxPlace) =>
  useQuery({
    queryKey: ['cluster', 'sandbox', place],
    queryFn: ({ signal }) =>
      request('/api/cluster/sandbox', { query: { ...place }, schema: sandboxListing, signal }),
  });

export const readSandbox = (
  place: SandboxPlace,
  { offset, length }: { offset: number; length: number },
  signal?: AbortSignal,
) =>
  request('/api/cluster/sandbox/text', {
    query: { ...place, offset, length },
    schema: sandboxText,
    ...(signal === undefined ? {} : { signal }),
  });

export const downloadUrl = (place: SandboxPlace): string =>
  urlOf('/api/cluster/sandbox/download', { ...place });

export const maintenanceKey = ['cluster', 'maintenance'];

export const useMaintenance = () =>
  useQuery({
    queryKey: maintenanceKey,
    queryFn: ({ signal }) => request('/api/cluster/maintenance', { schema: maintenance, signal }),
  });

export const putWindows = (windows: Maintenance['windows']) =>
  request('/api/cluster/maintenance', { method: 'PUT', body: { windows } });

export const bringMachines = (way: 'down' | 'up', machines: Maintenance['down']) =>
  request(`/api/cluster/maintenance/${way}`, { method: 'POST', body: { machines } });

export const drainAgent = (id: string, body: { maxGracePeriodMs?: number; markGone: boolean }) =>
  request(agentPath(id, 'drain'), { method: 'POST', body });

export const activateAgent = (id: string, way: 'deactivate' | 'reactivate') =>
  request(agentPath(id, way), { method: 'POST' });

export const killTask = (name: TaskName) => request(taskPath(name, '/kill'), { method: 'POST' });

export const putQuota = (
  role: string,
  body: { guarantees: Quantities; limits: Quantities; force: boolean },
) => request(rolePath(role, 'quota'), { method: 'PUT', body });

export const putWeight = (role: string, weight: number) =>
  request(rolePath(role, 'weight'), { method: 'PUT', body: { weight } });

export const teardown = (framework: string) =>
  request(`/api/cluster/frameworks/${encodeURIComponent(framework)}/teardown`, { method: 'POST' });
