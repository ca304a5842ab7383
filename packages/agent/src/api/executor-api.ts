/** `/api/v1/executor`: how custom executors talk to the agent. */
import {
  answerFormat,
  callFormat,
  type Exchange,
  HttpRefusal,
  isUuid,
  mediaTypes,
  executor as protocol,
  readBody,
  readCall,
  sendMethodNotAllowed,
  sendText,
  TaskState,
  TaskStatus_Source,
} from '@orchestrator/mesos';
import { findExecutor } from '../core/sessions.ts';
import { largestCallBytes } from './media.ts';
import type { ApiPlace } from './place.ts';

type Call = protocol.CallValid;
const { Call_Type: type } = protocol;

function invalid(text: string): HttpRefusal {
  return new HttpRefusal(400, `Failed to validate Executor::Call: ${text}`);
}

function validateUpdate(call: Call): void {
  if (call.update === undefined) throw invalid("Expecting 'update' to be present");
  const { status } = call.update;
  if (status.uuid.length === 0) throw invalid("Expecting 'uuid' to be present");
  if (!isUuid(status.uuid)) throw invalid('Not a valid UUID');
  const who = `executor ${call.executorId.value} of framework ${call.frameworkId.value}`;
  if (status.executorId !== undefined && status.executorId.value !== call.executorId.value) {
    throw invalid(
      `ExecutorID in Call: ${call.executorId.value} does not match ExecutorID in TaskStatus: ${status.executorId.value}`,
    );
  }
  if (status.source !== TaskStatus_Source.EXECUTOR) {
    throw invalid(`Received Call from ${who} with invalid source, expecting 'SOURCE_EXECUTOR'`);
  }
  if (status.state === TaskState.TASK_STAGING) {
    throw invalid(`Received TASK_STAGING from ${who} which is not allowed`);
  }
}

function validate(call: Call): void {
  if (call.type === type.UNKNOWN) {
    throw invalid("Expecting 'type' to be present");
  }
  if (call.type === type.SUBSCRIBE && call.subscribe === undefined) {
    throw invalid("Expecting 'subscribe' to be present");
  }
  if (call.type === type.MESSAGE && call.message === undefined) {
    throw invalid("Expecting 'message' to be present");
  }
  if (call.type === type.UPDATE) validateUpdate(call);
}

function subscribe(place: ApiPlace, call: Call, { request, response }: Exchange): void {
  const ids = { frameworkId: call.frameworkId.value, executorId: call.executorId.value };
  const state = place.state();
  const found = state && findExecutor(state, ids);
  if (found === undefined)
    throw new HttpRefusal(400, `Executor '${ids.executorId}' of framework ${ids.frameworkId} is unknown`);
  const format = answerFormat(request.headers.accept);
  response.setHeader('Content-Type', mediaTypes[format]);
  response.writeHead(200);
  response.flushHeaders();
  place.openSession(found.executor.containerId, response, format, () =>
    place.tell({ type: 'executorDisconnected', ...ids }),
  );
  place.tell({ type: 'executorSubscribed', ...ids, subscribe: call.subscribe });
}

export async function serveExecutor(place: ApiPlace, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  if (request.method !== 'POST') return sendMethodNotAllowed(response, ['POST'], request.method ?? 'GET');
  const state = place.state();
  if (state?.areContainersKnown !== true) throw new HttpRefusal(503, 'Agent has not finished recovery');
  const format = callFormat(request.headers['content-type']);
  const call = readCall(protocol.CallSchema, format, await readBody(request, largestCallBytes));
  validate(call);
  if (call.type === type.SUBSCRIBE) {
    subscribe(place, call, exchange);
    return;
  }
  const ids = { frameworkId: call.frameworkId.value, executorId: call.executorId.value };
  if (call.type !== type.HEARTBEAT && findExecutor(state, ids)?.executor.isSubscribed !== true) {
    throw new HttpRefusal(403, 'Executor is not subscribed');
  }
  if (call.update !== undefined) place.tell({ type: 'executorUpdate', ...ids, update: call.update });
  else if (call.message !== undefined)
    place.tell({ type: 'executorMessage', ...ids, data: call.message.data });
  sendText(response, 202);
}
