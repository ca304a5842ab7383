/** POST /api/v1. */
import {
  answerFormat,
  type BodyFormat,
  callFormat,
  type Exchange,
  encodeBody,
  HttpRefusal,
  master,
  mediaTypes,
  readBody,
  readCall,
  sendBody,
  sendChunks,
  sendText,
  setResourceFormats,
  writeJsonChunks,
} from '@orchestrator/mesos';
import type { OperatorWrite } from '../core/events.ts';
import { resourcesError } from '../core/task-validation.ts';
import { requestFacts } from './audit.ts';
import { answerFileCall } from './log-files.ts';
import type { OperatorPlace } from './operator-place.ts';
import { largeAnswer, smallAnswer } from './operator-reads.ts';
import { serveSubscription } from './operator-stream.ts';
import { callBodies, mayWrite, writeOf } from './operator-writes.ts';
import { encodeInSlices } from './sliced-encoding.ts';

const { Call_Type: type } = master;

function check(call: master.CallValid): void {
  const fail = (reason: string) => new HttpRefusal(400, `Failed to validate master::Call: ${reason}`);
  if (!Object.hasOwn(call, 'type')) throw fail("Expecting 'type' to be present");
  const body = callBodies[call.type];
  if (body !== undefined && call[body[0]] === undefined) throw fail(`Expecting '${body[1]}' to be present`);
  const error = resourcesError([
    ...(call.reserveResources?.resources ?? []),
    ...(call.unreserveResources?.resources ?? []),
    ...(call.createVolumes?.volumes ?? []),
    ...(call.destroyVolumes?.volumes ?? []),
  ]);
  if (error !== undefined) throw fail(error);
}

/** @throws HttpRefusal for what is answered with a status and a reason */
export async function serveOperator(place: OperatorPlace, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const format = callFormat(request.headers['content-type']);
  const call = readCall(master.CallSchema, format, await readBody(request));
  check(call);
  const accepted = answerFormat(request.headers.accept);
  if (call.type === type.UNKNOWN) throw new HttpRefusal(501, '501 Not Implemented.');
  if (call.type === type.SUBSCRIBE) {
    await serveSubscription(place, exchange, accepted);
    return;
  }
  const write = writeOf(call);
  if (write !== undefined) {
    setResourceFormats(master.CallSchema, call, 'stack');
    await serveWrite(place, exchange, write, actionName(call.type));
    return;
  }
  if (call.setLoggingLevel !== undefined) {
    const { level, duration } = call.setLoggingLevel;
    const isAllowed = place.viewer.permits('set_log_level');
    if (isAllowed) place.setLoggingLevel(level, Number(duration.nanoseconds / 1_000_000n));
    const status = isAllowed ? 200 : 403;
    place.audit({ ...requestFacts(exchange), action: 'SET_LOGGING_LEVEL', subject: { level }, status });
    sendText(response, status);
    return;
  }
  const answer = smallAnswer(place, call) ?? (await answerFileCall(place, call));
  if (answer !== undefined) {
    sendBody(response, mediaTypes[accepted], encodeBody(accepted, master.ResponseSchema, answer));
    return;
  }
  const makeLarge = largeAnswer(call);
  if (makeLarge === undefined) throw new HttpRefusal(501, '501 Not Implemented.');
  // Who asks is part of it: not everybody may see everything.
  const kind = `${actionName(call.type)} ${accepted} ${exchange.principal ?? ''}`;
  const { chunks, onSent } = place.shared.readBlocks(kind, () =>
    inBlocks(place, accepted, () => makeLarge(place)),
  );
  await sendChunks(response, mediaTypes[accepted], chunks, { turns: place.slicer, onSent });
}

async function* inBlocks(
  place: OperatorPlace,
  format: BodyFormat,
  make: () => Promise<master.ResponseValid>,
): AsyncGenerator<Buffer> {
  const answer = await make();
  if (format === 'json') yield* writeJsonChunks(master.ResponseSchema, answer, { blocks: place.blocks });
  else yield* (await encodeInSlices(place, format, master.ResponseSchema, answer)).parts;
}

const names = new Map(Object.entries(type).map(([name, value]) => [value, name]));
const actionName = (callType: master.Call_Type) => names.get(callType) ?? String(callType);

/** A write of whatever endpoint: allowed or not, carried out, answered, and written down. */
export async function serveWrite(
  { master: leading, acls, audit }: OperatorPlace,
  exchange: Exchange,
  write: OperatorWrite,
  action: string,
): Promise<void> {
  const { response, principal } = exchange;
  const principalOf = (id: string) => leading.core.state.frameworks.get(id)?.info.principal;
  const answer = mayWrite(acls, principal, write, principalOf)
    ? await leading.write(write, principal)
    : ({ status: 403, message: '' } as const);
  const { status, message: reason } = answer;
  audit({ ...requestFacts(exchange), action, subject: write, status, reason });
  sendText(response, answer.status, answer.message);
}
