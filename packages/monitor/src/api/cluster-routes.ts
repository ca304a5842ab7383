/** `/api/cluster…`: the Mesos cluster, and what operators do with it. */
import type { HttpServer, Principal, Role } from '@orchestrator/runtime';
import { OrchestratorError } from '@orchestrator/runtime';
import { z } from 'zod';
import type { ClusterActions } from '../cluster/actions.ts';
import type { MesosCluster } from '../cluster/cluster.ts';
import { noCluster } from '../cluster/summary.ts';
import type { RequireRight } from '../control/rights.ts';
import { MonitorError } from '../errors.ts';
import type { Audit } from '../keep/audit.ts';
import {
  type ClusterDifference,
  cluster as clusterSchema,
  clusterTaskDetail,
  drainBody,
  explainQuery,
  explanation,
  machine,
  maintenance,
  maintenanceWindow,
  quotaBody,
  taskPage,
  taskQuery,
  weightBody,
} from '../schema/index.ts';

const tags = ['cluster'];
const id = z.string().min(1).max(500);
const tryAgainLater = 1013;

export interface ClusterServices {
  /** Undefined if the configuration names no masters. */
  readonly cluster: MesosCluster | undefined;
  readonly audit: Audit;
  readonly requireRight: RequireRight;
}

/** @throws MonitorError `precondition` */
export function configuredCluster({ cluster }: ClusterServices): MesosCluster {
  if (cluster !== undefined) return cluster;
  throw new MonitorError('precondition', 'no cluster is configured', {
    remedy: 'name its masters in cluster.master, or start with --master',
  });
}

type Do = <Result>(
  principal: Principal,
  action: { readonly name: string; readonly role: Role; readonly target: string; readonly detail?: unknown },
  work: (actions: ClusterActions) => Promise<Result>,
) => Promise<Result>;

/** Checked, recorded, done. */
const doer =
  (services: ClusterServices): Do =>
  (principal, { name, role, target, detail = null }, work) =>
    services.audit.record(principal, name, target, detail, () => {
      services.requireRight(principal, name, role);
      return configuredCluster(services).act(work);
    });

export function clusterRoutes(server: HttpServer, services: ClusterServices): void {
  const { cluster } = services;
  const get = { method: 'GET', role: 'viewer', tags } as const;
  server.route({
    ...{ ...get, path: '/api/cluster', summary: 'The Mesos cluster: masters, agents, frameworks, roles' },
    schemas: { response: clusterSchema },
    handle: () => cluster?.cluster() ?? { ...noCluster, agentList: [], frameworkList: [], roleList: [] },
  });
  server.route({
    ...{ ...get, path: '/api/cluster/tasks', summary: 'Tasks by filter and page' },
    schemas: { query: taskQuery, response: taskPage },
    handle: ({ query }) => cluster?.tasks(query) ?? { tasks: [], total: 0, tasksRevision: 0 },
  });
  server.route({
    ...{ ...get, path: '/api/cluster/tasks/:framework/:task', summary: 'All that is known of one task' },
    schemas: { params: z.object({ framework: id, task: id }), response: clusterTaskDetail },
    handle: ({ params }) => configuredCluster(services).task(params.framework, params.task),
  });
  server.route({
    ...{ ...get, path: '/api/cluster/explain' },
    summary: 'Why a framework gets no offers, or a task does not start',
    schemas: { query: explainQuery, response: explanation },
    handle: ({ query }) => configuredCluster(services).explain(query),
  });
  server.webSocket({
    path: '/api/cluster/ws',
    role: 'viewer',
    handle: (socket) => {
      const nothing: ClusterDifference = { reset: true, summary: noCluster };
      if (cluster === undefined) return socket.send(JSON.stringify(nothing));
      try {
        socket.on('close', cluster.live.follow(socket));
      } catch (error) {
        if (!(error instanceof OrchestratorError)) throw error;
        socket.close(tryAgainLater, error.message.slice(0, 120));
      }
    },
  });
  agentActions(server, doer(services));
  machineActions(server, services);
  roleActions(server, doer(services));
}

// Who may is decided by name, as the configuration has it; so these routes let everybody as far as that.
const write = { role: 'viewer', tags } as const;

function agentActions(server: HttpServer, act: Do): void {
  const post = { ...write, method: 'POST' } as const;
  server.route({
    ...{ ...post, path: '/api/cluster/agents/:id/drain', summary: 'Moves all tasks away from an agent' },
    schemas: { params: z.object({ id }), body: drainBody },
    handle: ({ params, body, principal }) =>
      act(
        principal,
        { name: 'cluster.drain', role: 'operator', target: params.id, detail: body },
        ({ drain }) => drain(params.id, body),
      ),
  });
  server.route({
    ...{ ...post, path: '/api/cluster/agents/:id/:change', summary: 'Whether an agent gets offers' },
    schemas: { params: z.object({ id, change: z.enum(['deactivate', 'reactivate']) }) },
    handle: ({ params, principal }) =>
      act(principal, { name: `cluster.${params.change}`, role: 'operator', target: params.id }, (actions) =>
        actions[params.change](params.id),
      ),
  });
  server.route({
    ...{ ...post, path: '/api/cluster/tasks/:framework/:task/kill' },
    summary: 'Kills the container of a task; its framework is told, and may start it again',
    schemas: { params: z.object({ framework: id, task: id }) },
    handle: ({ params: { framework, task }, principal }) =>
      act(principal, { name: 'cluster.kill', role: 'operator', target: `${framework}/${task}` }, ({ kill }) =>
        kill(framework, task),
      ),
  });
  server.route({
    ...{ ...post, path: '/api/cluster/frameworks/:id/teardown' },
    summary: 'Ends a framework and all its tasks',
    schemas: { params: z.object({ id }) },
    handle: ({ params, principal }) =>
      act(principal, { name: 'cluster.teardown', role: 'admin', target: params.id }, ({ teardown }) =>
        teardown(params.id),
      ),
  });
}

function machineActions(server: HttpServer, services: ClusterServices): void {
  const act = doer(services);
  const action = { name: 'cluster.maintenance', role: 'operator' } as const;
  const path = '/api/cluster/maintenance';
  server.route({
    ...{ method: 'GET', role: 'viewer', tags, path, summary: 'Machines that are out, or will be' },
    schemas: { response: maintenance },
    handle: () => configuredCluster(services).act((actions) => actions.maintenance()),
  });
  server.route({
    ...{ ...write, method: 'PUT', path, summary: 'The windows of maintenance, in the place of those before' },
    schemas: { body: z.object({ windows: z.array(maintenanceWindow).max(1_000) }) },
    handle: ({ body, principal }) =>
      act(principal, { ...action, target: 'schedule', detail: body }, (actions) =>
        actions.scheduleMaintenance(body.windows),
      ),
  });
  server.route({
    ...{ ...write, method: 'POST', path: `${path}/:state`, summary: 'Takes machines out, and back in' },
    schemas: {
      params: z.object({ state: z.enum(['down', 'up']) }),
      body: z.object({ machines: z.array(machine).min(1).max(5_000) }),
    },
    handle: ({ params, body, principal }) =>
      act(principal, { ...action, target: params.state, detail: body }, (actions) =>
        actions.setDown(body.machines, params.state === 'down'),
      ),
  });
}

function roleActions(server: HttpServer, act: Do): void {
  const put = { ...write, method: 'PUT' } as const;
  const params = z.object({ role: id });
  server.route({
    ...{ ...put, path: '/api/cluster/roles/:role/quota', summary: 'What a role is sure of, and its limits' },
    schemas: { params, body: quotaBody },
    handle: ({ params: { role }, body, principal }) =>
      act(principal, { name: 'cluster.quota', role: 'admin', target: role, detail: body }, ({ setQuota }) =>
        setQuota(role, body),
      ),
  });
  server.route({
    ...{ ...put, path: '/api/cluster/roles/:role/weight', summary: 'How much a role counts' },
    schemas: { params, body: weightBody },
    handle: ({ params: { role }, body, principal }) =>
      act(principal, { name: 'cluster.weight', role: 'admin', target: role, detail: body }, ({ setWeight }) =>
        setWeight(role, body.weight),
      ),
  });
}
