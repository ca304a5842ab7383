/** Input and output of containers as streams of records. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import {
  type ContainerIDValid,
  createRecordDecoder,
  type Exchange,
  encodeBody,
  encodeRecord,
  HttpRefusal,
  makeMessage,
  agent as protocol,
  readCall,
} from '@orchestrator/mesos';
import { followSandbox } from '../sandbox/follow.ts';
import type { AttachedInput, OutputChunk } from '../service/nested-containers.ts';
import { type ContainerCall, nestedOf, refusing, requireLaunch, requireParent } from './container-calls.ts';
import { keyOf, requireContainerId, requirePermission } from './container-ids.ts';
import { type Media, streamHeaders } from './media.ts';
import type { ApiPlace } from './place.ts';

type Call = protocol.CallValid;
const { ProcessIO_Type: ioType, ProcessIO_Data_Type: dataType, ProcessIO_Control_Type: control } = protocol;

/** Of one record of input. */
const largestInputBytes = 1024 * 1024;

/** Writes chunks as records; resolves when the client has room for more. */
function recordWriter(response: ServerResponse, { format }: Media) {
  return async ({ stream, data }: OutputChunk): Promise<void> => {
    if (response.destroyed || response.writableEnded) return;
    const type = stream === 'stdout' ? dataType.STDOUT : dataType.STDERR;
    const io = makeMessage(protocol.ProcessIOSchema, { type: ioType.DATA, data: { type, data } });
    if (response.write(encodeRecord(encodeBody(format, protocol.ProcessIOSchema, io)))) return;
    // Whichever comes first; an error means that the connection is gone.
    await Promise.race([once(response, 'drain'), once(response, 'close')]).catch(() => undefined);
  };
}

function begin(response: ServerResponse, media: Media): void {
  response.writeHead(200, streamHeaders(media));
  response.flushHeaders();
}

/** Runs a command in a container and streams its output; it ends with its client. */
export async function launchSession(request: ContainerCall): Promise<void> {
  const { place, call, exchange, media } = request;
  const { launchNestedContainerSession: launch } = call;
  if (launch === undefined) return;
  requireContainerId(launch.containerId, 'launch_nested_container_session.container_id');
  requireParent(launch.containerId, 'launch_nested_container_session');
  requireLaunch(request, launch, true);
  const nested = nestedOf(place, launch);
  const { response } = exchange;
  if (place.nested.has(nested.id)) throw new HttpRefusal(202, '');
  const isBegun = Promise.withResolvers<void>();
  const write = recordWriter(response, media);
  const listener = async (chunk: OutputChunk) => {
    await isBegun.promise;
    await write(chunk);
  };
  response.on('close', () => place.nested.destroy(nested.id));
  await refusing(place.nested.launch({ ...nested, listener }));
  begin(response, media);
  isBegun.resolve();
  await place.nested.wait(nested.id);
  response.end();
}

/** Of a nested container from now on; of a task what it writes into its sandbox from now on. */
export async function attachOutput({ place, state, call, exchange, media }: ContainerCall): Promise<void> {
  const { attachContainerOutput: attach } = call;
  if (attach === undefined) return;
  const { containerId } = attach;
  requireContainerId(containerId, 'attach_container_output.container_id');
  const { principal, response } = exchange;
  const [action, standalone] = ['attach_container_output', 'view_standalone_container'] as const;
  requirePermission(place, { state, principal, containerId, action, standalone });
  const write = recordWriter(response, media);
  const detach = place.nested.attachOutput(keyOf(containerId), write);
  if (detach !== undefined) {
    begin(response, media);
    response.on('close', detach);
    await place.nested.wait(keyOf(containerId));
  } else {
    await followContainer(place, containerId, response, media);
  }
  response.end();
}

async function followContainer(
  place: ApiPlace,
  containerId: ContainerIDValid,
  response: ServerResponse,
  media: Media,
): Promise<void> {
  const sandbox = place.sandboxOfContainer(containerId.value);
  if (sandbox === undefined || place.containerizer.status(containerId.value) === undefined) {
    throw new HttpRefusal(404, `Container ${keyOf(containerId)} cannot be found`);
  }
  begin(response, media);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const ended = place.containerizer.wait(containerId.value);
  const { signal } = gone;
  await followSandbox({ sandbox, ended, signal, clock: place.clock, take: recordWriter(response, media) });
}

async function takeInput(input: AttachedInput, call: Call): Promise<void> {
  const io = call.attachContainerInput?.processIo;
  if (io?.type === ioType.CONTROL && io.control?.type === control.TTY_INFO) {
    const size = io.control.ttyInfo?.windowSize;
    if (size !== undefined) await input.resize({ rows: size.rows, columns: size.columns });
  } else if (io?.type === ioType.DATA && io.data?.type === dataType.STDIN) {
    // Nothing stands for the end.
    if (io.data.data.byteLength === 0) input.end();
    else await input.write(io.data.data);
  }
}

function attachedInput(
  place: ApiPlace,
  { state, principal }: { state: ContainerCall['state']; principal: string | undefined },
  call: Call,
): AttachedInput {
  const attach = call.attachContainerInput;
  const types = protocol.Call_AttachContainerInput_Type;
  if (attach === undefined || attach.type !== types.CONTAINER_ID || attach.containerId === undefined) {
    throw new HttpRefusal(400, "Expecting 'attach_container_input.type' to be CONTAINER_ID");
  }
  const { containerId } = attach;
  requireContainerId(containerId, 'attach_container_input.container_id');
  const [action, standalone] = ['attach_container_input', 'launch_standalone_container'] as const;
  requirePermission(place, { state, principal, containerId, action, standalone });
  place.audit('ATTACH_CONTAINER_INPUT', principal, keyOf(containerId));
  const input = place.nested.attachInput(keyOf(containerId));
  if (input === 'taken') throw new HttpRefusal(409, 'Multiple input connections are not allowed');
  if (input !== undefined) return input;
  throw new HttpRefusal(404, `Container ${keyOf(containerId)} cannot be found`);
}

/** A stream of calls: the first names the container, the others are its input. Answered when it ends, or its command. */
export async function attachInput(
  place: ApiPlace,
  state: ContainerCall['state'],
  exchange: Exchange,
  { format }: Media,
): Promise<void> {
  const { request, response, principal } = exchange;
  const decoder = createRecordDecoder({ largestRecordBytes: largestInputBytes });
  let input: AttachedInput | undefined;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      for (const record of decoder.push(chunk)) {
        const call = readCall(protocol.CallSchema, format, record);
        if (input !== undefined) await takeInput(input, call);
        else {
          input = attachedInput(place, { state, principal }, call);
          void input.ended.then(() => answer(response));
        }
      }
    }
    answer(response);
  } finally {
    input?.detach();
  }
}

function answer(response: ServerResponse): void {
  if (!response.writableEnded && !response.destroyed) response.writeHead(200, { 'Content-Length': 0 }).end();
}
