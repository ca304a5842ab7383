/** POST /api/v1/scheduler. */
import {
  answerFormat,
  callFormat,
  type Exchange,
  formatUuid,
  HttpRefusal,
  mediaTypes,
  newUuidBytes,
  readBody,
  readCall,
  scheduler,
  sendText,
  setResourceFormats,
} from '@orchestrator/mesos';
import type { Clock } from '@orchestrator/runtime';
import { heartbeatIntervalMs } from '../core/frameworks.ts';
import type { FrameworkRecord } from '../core/records.ts';
import { MasterError } from '../errors.ts';
import { frameworkHeartbeat, type LeadingMaster } from '../service/leading-master.ts';
import { EventStream } from '../service/stream.ts';
import { type Audit, requestFacts } from './audit.ts';
import { callError } from './call-validation.ts';

const { Call_Type: type } = scheduler;

const streamIdHeader = 'mesos-stream-id';

function check(call: scheduler.CallValid): void {
  const error = callError(call);
  if (error !== undefined) throw new HttpRefusal(400, `Failed to validate scheduler::Call: ${error}`);
}

function checkPrincipal(claimed: string, principal: string | undefined): void {
  if (principal === undefined || claimed === '' || claimed === principal) return;
  throw new HttpRefusal(
    400,
    `Failed to validate scheduler::Call: Authenticated principal '${principal}' does not match principal '${claimed}' set in \`FrameworkInfo\``,
  );
}

interface SchedulerPlace {
  readonly master: LeadingMaster;
  readonly clock: Clock;
  readonly audit: Audit;
}

/** What changes the cluster for others too. Launches and kills of tasks are in the core's own log. */
const audited = new Map<scheduler.Call_Type, string>([
  [type.SUBSCRIBE, 'scheduler SUBSCRIBE'],
  [type.TEARDOWN, 'scheduler TEARDOWN'],
  [type.UPDATE_FRAMEWORK, 'scheduler UPDATE_FRAMEWORK'],
  [type.KILL, 'scheduler KILL'],
  [type.SHUTDOWN, 'scheduler SHUTDOWN'],
]);

function auditCall({ audit }: SchedulerPlace, exchange: Exchange, call: scheduler.CallValid, status: number) {
  const action = audited.get(call.type);
  if (action === undefined) return;
  const { name, user, principal } = call.subscribe?.frameworkInfo ?? {};
  const subject = {
    frameworkId: call.frameworkId?.value,
    ...(call.subscribe === undefined ? {} : { name, user, principal }),
    ...(call.kill === undefined ? {} : { taskId: call.kill.taskId.value }),
    ...(call.shutdown === undefined ? {} : { executorId: call.shutdown.executorId.value }),
  };
  audit({ ...requestFacts(exchange), action, subject, status });
}

/** @throws HttpRefusal for what is answered with a status and a reason */
export async function serveScheduler(place: SchedulerPlace, exchange: Exchange): Promise<void> {
  const { master, clock } = place;
  const { request, response, principal } = exchange;
  const format = callFormat(request.headers['content-type']);
  const call = readCall(scheduler.CallSchema, format, await readBody(request));
  check(call);
  setResourceFormats(scheduler.CallSchema, call, 'stack');
  const streamId = request.headers[streamIdHeader];
  if (call.type === type.SUBSCRIBE && call.subscribe !== undefined) {
    const eventFormat = answerFormat(request.headers.accept);
    if (streamId !== undefined) {
      throw new HttpRefusal(400, "Subscribe calls should not include the 'Mesos-Stream-Id' header");
    }
    checkPrincipal(call.subscribe.frameworkInfo.principal, principal);
    const connectionId = formatUuid(newUuidBytes());
    response.setHeader('Content-Type', mediaTypes[eventFormat]);
    response.setHeader('Mesos-Stream-Id', connectionId);
    response.writeHead(200);
    response.flushHeaders();
    const stream = new EventStream({
      ...{ response, clock, heartbeatIntervalMs, format: eventFormat },
      schema: scheduler.EventSchema,
      heartbeat: frameworkHeartbeat,
      onEnd: () => master.streamEnded(connectionId),
      onTooSlow: (bytes) => master.readsTooSlowly(master.frameworkOnStream(connectionId), bytes),
    });
    auditCall(place, exchange, call, 200);
    master.subscribe(connectionId, stream, call.subscribe);
    return;
  }
  const find = () => frameworkOf(master, call, Array.isArray(streamId) ? streamId[0] : streamId, principal);
  let framework = find();
  const turn = turnOf(master, framework);
  if (turn !== undefined) {
    await turn;
    // It may have gone while its call waited.
    framework = find();
  }
  auditCall(place, exchange, call, await carryOut(master, exchange, framework, call));
}

/** @throws HttpRefusal 503 when too many of its calls wait already */
function turnOf({ throttle }: LeadingMaster, { info }: FrameworkRecord): Promise<void> | undefined {
  try {
    return throttle.turn(info.principal);
  } catch (error) {
    if (error instanceof MasterError && error.code === 'limit') throw new HttpRefusal(503, error.message);
    throw error;
  }
}

function frameworkOf(
  master: LeadingMaster,
  call: scheduler.CallValid,
  streamId: string | undefined,
  principal: string | undefined,
): FrameworkRecord {
  const id = call.frameworkId?.value ?? '';
  const framework = master.core.state.frameworks.get(id);
  if (framework === undefined) throw new HttpRefusal(400, 'Framework cannot be found');
  const { connection, info } = framework;
  if (principal !== undefined && info.principal !== '' && principal !== info.principal) {
    throw new HttpRefusal(
      400,
      `Authenticated principal '${principal}' does not match principal '${info.principal}' set in \`FrameworkInfo\``,
    );
  }
  if (connection === undefined) throw new HttpRefusal(403, 'Framework is not subscribed');
  if (connection.kind !== 'http') throw new HttpRefusal(403, 'Framework is not connected via HTTP');
  if (streamId === undefined) {
    throw new HttpRefusal(400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  }
  if (streamId !== connection.streamId) {
    throw new HttpRefusal(
      400,
      `The stream ID '${streamId}' included in this request didn't match the stream ID currently associated with framework ID ${id}`,
    );
  }
  return framework;
}

async function carryOut(
  master: LeadingMaster,
  { request, response }: Exchange,
  framework: FrameworkRecord,
  call: scheduler.CallValid,
): Promise<number> {
  if (call.type === type.UNKNOWN) throw new HttpRefusal(501, '501 Not Implemented.');
  if (call.type === type.UPDATE_FRAMEWORK && call.updateFramework !== undefined) {
    const { status, message } = await master.updateFramework(framework.id, call.updateFramework);
    sendText(response, status, message);
    return status;
  }
  if (call.type === type.RECONCILE_OPERATIONS) answerFormat(request.headers.accept);
  master.handle({ type: 'call', frameworkId: framework.id, call });
  sendText(response, 202);
  return 202;
}
