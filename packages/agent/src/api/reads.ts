/** The endpoints from before v1. */
import {
  ContainerStatusSchema,
  double,
  type Exchange,
  HttpRefusal,
  jsonText,
  RawJson,
  ResourceStatisticsSchema,
  sendBody,
  sendJson,
  writeJson,
} from '@orchestrator/mesos';
import { visibleState } from '../access/visible.ts';
import type { AgentState } from '../core/records.ts';
import { AgentError } from '../errors.ts';
import { agentMetrics, prometheusText } from './metrics.ts';
import type { ApiPlace } from './place.ts';
import { type ContainerFacts, containerFacts } from './statistics.ts';
import { stateJson } from './views.ts';

function stateOf(place: ApiPlace): AgentState {
  const state = place.state();
  if (state?.areContainersKnown !== true) throw new HttpRefusal(503, 'Agent has not finished recovery');
  return state;
}

export function sendState(place: ApiPlace, exchange: Exchange): void {
  const { acls } = place.config;
  const { principal } = exchange;
  const shown = stateJson(place, visibleState(stateOf(place), acls, principal));
  const flags = acls.permits('view_flags', principal) ? shown.flags : undefined;
  sendJson(exchange, jsonText({ ...shown, flags }));
}

export function sendFlags({ config }: ApiPlace, exchange: Exchange): void {
  if (!config.acls.permits('view_flags', exchange.principal)) throw new HttpRefusal(403, '');
  sendJson(exchange, JSON.stringify({ flags: config.flags }));
}

const factsFor = (place: ApiPlace, { principal }: Exchange) =>
  containerFacts(place, visibleState(stateOf(place), place.config.acls, principal));

export function sendVersion(place: ApiPlace, exchange: Exchange): void {
  const { version } = stateOf(place).options;
  sendJson(exchange, jsonText({ build_date: '', build_time: double(0), build_user: '', version }));
}

export function sendMetrics(place: ApiPlace, exchange: Exchange): void {
  const figures = agentMetrics(place, stateOf(place)).map(([name, value]) => [name, double(value)] as const);
  sendJson(exchange, jsonText(Object.fromEntries(figures)));
}

/** For Prometheus, in its text format. */
export function sendPrometheus(place: ApiPlace, { response }: Exchange): void {
  const body = prometheusText(agentMetrics(place, stateOf(place)));
  sendBody(response, 'text/plain; version=0.0.4; charset=utf-8', body);
}

export async function sendStatistics(place: ApiPlace, exchange: Exchange): Promise<void> {
  const shown = (await factsFor(place, exchange)).map(({ framework, executor, statistics }) => ({
    ...{ executor_id: executor.info.executorId.value, executor_name: executor.info.name },
    ...{ framework_id: framework.id, source: executor.info.source },
    statistics: new RawJson(writeJson(ResourceStatisticsSchema, statistics)),
  }));
  sendJson(exchange, jsonText(shown));
}

/** Ours: what containers need not wait for. */
export async function sendImages({ containerizer }: ApiPlace, exchange: Exchange): Promise<void> {
  const images = await containerizer.cachedImages().catch((error: unknown) => {
    throw error instanceof AgentError ? new HttpRefusal(503, error.message) : error;
  });
  const shown = images.map(({ id, names, digests, sizeBytes, createdMs }) => ({
    ...{ id, names, digests, size_bytes: sizeBytes, created_ms: createdMs },
  }));
  sendJson(exchange, JSON.stringify({ images: shown }));
}

export async function sendContainers(place: ApiPlace, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const [container, framework, executor] = ['container_id', 'framework_id', 'executor_id'].map((name) =>
    query.get(name),
  );
  if ((container && (framework || executor)) || (executor && !framework)) {
    throw new HttpRefusal(
      400,
      'Supported query parameters are container_id only, framework_id only, or executor_id and framework_id only',
    );
  }
  const isWanted = (facts: ContainerFacts) =>
    (!container || facts.containerId === container) &&
    (!framework || facts.framework.id === framework) &&
    (!executor || facts.executor.info.executorId.value === executor);
  const shown = (await factsFor(place, exchange)).filter(isWanted).map((facts) => ({
    ...{ container_id: facts.containerId, executor_id: facts.executor.info.executorId.value },
    ...{ executor_name: facts.executor.info.name, framework_id: facts.framework.id },
    source: facts.executor.info.source,
    statistics: new RawJson(writeJson(ResourceStatisticsSchema, facts.statistics)),
    status: new RawJson(writeJson(ContainerStatusSchema, facts.status)),
  }));
  sendJson(exchange, jsonText(shown));
}
