/** `/api/v1`: the v1 operator API. */
import {
  type Exchange,
  encodeBody,
  HttpRefusal,
  makeMessage,
  mediaTypes,
  nameOfEnum,
  agent as protocol,
  readBody,
  readCall,
  sendBody,
  sendMethodNotAllowed,
  sendText,
} from '@orchestrator/mesos';
import { visibleState } from '../access/visible.ts';
import type { AgentState } from '../core/records.ts';
import { attachInput, attachOutput, launchSession } from './attach.ts';
import {
  type ContainerCall,
  killContainer,
  launchContainer,
  removeContainer,
  waitContainer,
} from './container-calls.ts';
import { listFolder, readPart, resolveFile } from './files.ts';
import { answerMedia, largestCallBytes, requestMedia } from './media.ts';
import { agentMetrics } from './metrics.ts';
import type { ApiPlace } from './place.ts';
import { containerFacts, nestedFacts, standaloneFacts } from './statistics.ts';

type Call = protocol.CallValid;
type ResponseInit = Parameters<typeof makeMessage<typeof protocol.ResponseSchema>>[1];
type Answer = (
  place: ApiPlace,
  state: AgentState,
  call: Call,
  principal: string | undefined,
) => ResponseInit | Promise<ResponseInit>;

const { Call_Type: calls, Response_Type: type } = protocol;

function executorsAnswer(state: AgentState) {
  const frameworks = [...state.frameworks.values()];
  return {
    executors: frameworks.flatMap(({ executors }) =>
      [...executors.values()].map(({ info }) => ({ executorInfo: info })),
    ),
    completedExecutors: [...frameworks, ...state.completedFrameworks].flatMap(({ completedExecutors }) =>
      completedExecutors.map(({ info }) => ({ executorInfo: info })),
    ),
  };
}

function tasksAnswer(state: AgentState) {
  const frameworks = [...state.frameworks.values(), ...state.completedFrameworks];
  const executors = frameworks.flatMap(({ executors: live, completedExecutors }) => [
    ...live.values(),
    ...completedExecutors,
  ]);
  const records = executors.flatMap(({ tasks }) => [...tasks.values()]);
  const inPhase = (wanted: string) => records.filter(({ phase }) => phase === wanted).map(({ task }) => task);
  return {
    queuedTasks: inPhase('queued'),
    launchedTasks: inPhase('launched'),
    terminatedTasks: inPhase('ended'),
    completedTasks: executors.flatMap(({ completedTasks }) => completedTasks),
  };
}

const frameworksAnswer = (state: AgentState) => ({
  frameworks: [...state.frameworks.values()].map(({ info }) => ({ frameworkInfo: info })),
  completedFrameworks: state.completedFrameworks.map(({ info }) => ({ frameworkInfo: info })),
});

function agentAnswer({ info, drain }: AgentState) {
  const startedAt = drain && { nanoseconds: BigInt(Math.round(drain.startedAtMs)) * 1_000_000n };
  return {
    agentInfo: info,
    ...(drain && { drainConfig: drain.config }),
    ...(startedAt && { estimatedDrainStartTime: startedAt }),
  };
}

async function listFiles(
  place: ApiPlace,
  path: string,
  principal: string | undefined,
): Promise<ResponseInit> {
  const real = await resolveFile(place, path, principal);
  if (real === undefined) throw new HttpRefusal(404, '');
  const fileInfos = (await listFolder(path, real)).map(({ size, mtimeS, ...facts }) => ({
    ...{ ...facts, size: BigInt(size) },
    mtime: { nanoseconds: BigInt(mtimeS) * 1_000_000_000n },
  }));
  return { type: type.LIST_FILES, listFiles: { fileInfos } };
}

async function readFile(place: ApiPlace, call: Call, principal: string | undefined): Promise<ResponseInit> {
  const { path = '', offset = 0n, length = 0n } = call.readFile ?? {};
  const real = await resolveFile(place, path, principal);
  if (real === undefined) throw new HttpRefusal(404, '');
  const wanted = length === 0n ? undefined : Number(length);
  const { size, data } = await readPart(real, { offset: Number(offset), length: wanted });
  return { type: type.READ_FILE, readFile: { size: BigInt(size), data } };
}

async function containersAnswer(
  place: ApiPlace,
  state: AgentState,
  call: Call,
  principal: string | undefined,
): Promise<ResponseInit> {
  const { showNested = false, showStandalone = false } = call.getContainers ?? {};
  const own = (await containerFacts(place, state)).map((facts) => ({
    frameworkId: { value: facts.framework.id },
    executorId: facts.executor.info.executorId,
    executorName: facts.executor.info.name,
    containerId: { value: facts.containerId },
    containerStatus: facts.status,
    resourceStatistics: facts.statistics,
  }));
  const maySeeStandalone = place.config.acls.permits('view_standalone_container', principal);
  const others = [
    ...(showNested ? await nestedFacts(place, state) : []),
    ...(showStandalone && maySeeStandalone ? standaloneFacts(place) : []),
  ].map(({ containerId, status, statistics }) => ({
    containerId: { value: containerId },
    containerStatus: status,
    ...(statistics && { resourceStatistics: statistics }),
  }));
  return { type: type.GET_CONTAINERS, getContainers: { containers: [...own, ...others] } };
}

function flagsAnswer({ config }: ApiPlace, principal: string | undefined): ResponseInit {
  if (!config.acls.permits('view_flags', principal)) throw new HttpRefusal(403, '');
  const flags = Object.entries(config.flags).map(([name, value]) => ({ name, value }));
  return { type: type.GET_FLAGS, getFlags: { flags } };
}

const answers: Readonly<Partial<Record<number, Answer>>> = {
  [calls.GET_HEALTH]: () => ({ type: type.GET_HEALTH, getHealth: { healthy: true } }),
  [calls.GET_FLAGS]: (place, _, __, principal) => flagsAnswer(place, principal),
  [calls.GET_VERSION]: (_, { options: { version } }) => ({
    type: type.GET_VERSION,
    getVersion: { versionInfo: { version } },
  }),
  [calls.GET_METRICS]: (place, state) => {
    const metrics = agentMetrics(place, state).map(([name, value]) => ({ name, value }));
    return { type: type.GET_METRICS, getMetrics: { metrics } };
  },
  [calls.GET_LOGGING_LEVEL]: () => ({ type: type.GET_LOGGING_LEVEL, getLoggingLevel: { level: 0 } }),
  [calls.LIST_FILES]: (place, _, call, principal) => listFiles(place, call.listFiles?.path ?? '', principal),
  [calls.READ_FILE]: (place, _, call, principal) => readFile(place, call, principal),
  [calls.GET_STATE]: (_, state) => ({
    type: type.GET_STATE,
    getState: {
      getTasks: tasksAnswer(state),
      getExecutors: executorsAnswer(state),
      getFrameworks: frameworksAnswer(state),
    },
  }),
  [calls.GET_CONTAINERS]: containersAnswer,
  [calls.GET_FRAMEWORKS]: (_, state) => ({
    type: type.GET_FRAMEWORKS,
    getFrameworks: frameworksAnswer(state),
  }),
  [calls.GET_EXECUTORS]: (_, state) => ({ type: type.GET_EXECUTORS, getExecutors: executorsAnswer(state) }),
  [calls.GET_TASKS]: (_, state) => ({ type: type.GET_TASKS, getTasks: tasksAnswer(state) }),
  [calls.GET_AGENT]: (_, state) => ({ type: type.GET_AGENT, getAgent: agentAnswer(state) }),
  [calls.GET_OPERATIONS]: (_, { operations }) => ({
    type: type.GET_OPERATIONS,
    getOperations: { operations: [...operations.values()].map(({ operation }) => operation) },
  }),
  [calls.GET_RESOURCE_PROVIDERS]: () => ({ type: type.GET_RESOURCE_PROVIDERS, getResourceProviders: {} }),
};

type BodyName = {
  [Name in keyof Call]-?: Call[Name] extends object | undefined ? Name : never;
}[keyof Call];

/** Calls that do not work without what they are about. */
const bodies: Readonly<Partial<Record<number, BodyName>>> = {
  [calls.LAUNCH_NESTED_CONTAINER]: 'launchNestedContainer',
  [calls.WAIT_NESTED_CONTAINER]: 'waitNestedContainer',
  [calls.KILL_NESTED_CONTAINER]: 'killNestedContainer',
  [calls.REMOVE_NESTED_CONTAINER]: 'removeNestedContainer',
  [calls.LAUNCH_NESTED_CONTAINER_SESSION]: 'launchNestedContainerSession',
  [calls.ATTACH_CONTAINER_OUTPUT]: 'attachContainerOutput',
  [calls.LAUNCH_CONTAINER]: 'launchContainer',
  [calls.WAIT_CONTAINER]: 'waitContainer',
  [calls.KILL_CONTAINER]: 'killContainer',
  [calls.REMOVE_CONTAINER]: 'removeContainer',
  [calls.GET_METRICS]: 'getMetrics',
  [calls.LIST_FILES]: 'listFiles',
  [calls.READ_FILE]: 'readFile',
};

function validate(call: Call): void {
  const missing = call.type === calls.UNKNOWN ? 'type' : undefined;
  const body = bodies[call.type];
  const lacks = body !== undefined && call[body] === undefined;
  const name = missing ?? (lacks ? nameOfEnum(calls, call.type).toLowerCase() : undefined);
  if (name === undefined) return;
  throw new HttpRefusal(400, `Failed to validate agent::Call: Expecting '${name}' to be present`);
}

/** Those that are more than a read. */
const containerCalls: Readonly<Partial<Record<number, (request: ContainerCall) => Promise<void>>>> = {
  [calls.LAUNCH_NESTED_CONTAINER]: launchContainer,
  [calls.WAIT_NESTED_CONTAINER]: waitContainer,
  [calls.KILL_NESTED_CONTAINER]: killContainer,
  [calls.REMOVE_NESTED_CONTAINER]: removeContainer,
  [calls.LAUNCH_NESTED_CONTAINER_SESSION]: launchSession,
  [calls.ATTACH_CONTAINER_OUTPUT]: attachOutput,
  [calls.LAUNCH_CONTAINER]: launchContainer,
  [calls.WAIT_CONTAINER]: waitContainer,
  [calls.KILL_CONTAINER]: killContainer,
  [calls.REMOVE_CONTAINER]: removeContainer,
  [calls.PRUNE_IMAGES]: pruneImages,
};

async function answerRead(request: ContainerCall, answer: Answer): Promise<void> {
  const { place, state, exchange, call, media } = request;
  const { response, principal } = exchange;
  const visible = visibleState(state, place.config.acls, principal);
  const message = makeMessage(protocol.ResponseSchema, await answer(place, visible, call, principal));
  sendBody(response, mediaTypes[media.format], encodeBody(media.format, protocol.ResponseSchema, message));
}

export async function serveOperator(place: ApiPlace, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  if (request.method !== 'POST') return sendMethodNotAllowed(response, ['POST'], request.method ?? 'GET');
  const state = place.state();
  if (state?.areContainersKnown !== true) throw new HttpRefusal(503, 'Agent has not finished recovery');
  const media = answerMedia(request.headers);
  const { format, isStream } = requestMedia(request.headers);
  if (isStream) return await attachInput(place, state, exchange, { format, isStream });
  const call = readCall(protocol.CallSchema, format, await readBody(request, largestCallBytes));
  validate(call);
  const asked = { place, state, exchange, call, media };
  const serve = containerCalls[call.type];
  if (serve !== undefined) return await serve(asked);
  const answer = answers[call.type];
  if (answer !== undefined) return await answerRead(asked, answer);
  if (call.type === calls.ATTACH_CONTAINER_INPUT) {
    throw new HttpRefusal(415, 'ATTACH_CONTAINER_INPUT is a stream: expecting application/recordio');
  }
  sendText(response, 501, `${nameOfEnum(calls, call.type)} is not supported by this agent`);
}

/** Those of native containers; Docker Engine's are its own business. */
async function pruneImages({ place, exchange, call }: ContainerCall): Promise<void> {
  if (!place.config.acls.permits('prune_images', exchange.principal)) throw new HttpRefusal(403, '');
  const excluded = (call.pruneImages?.excludedImages ?? []).flatMap(({ docker }) => docker?.name ?? []);
  await place.containerizer.pruneImages(excluded);
  sendText(exchange.response, 200);
}
