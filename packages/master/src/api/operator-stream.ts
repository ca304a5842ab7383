/** SUBSCRIBE of the operator API: the state, then everything that happens to it, as far as the subscriber may see it. */
import { type Exchange, makeMessage, master, mediaTypes } from '@orchestrator/mesos';
import type { Clock } from '@orchestrator/runtime';
import { heartbeatIntervalMs } from '../core/frameworks.ts';
import { agentMessage, frameworkMessage } from '../core/views.ts';
import { heartbeatEvent, type LeadingMaster } from '../service/leading-master.ts';
import { EventStream } from '../service/stream.ts';
import { type ReadPlace, viewState } from './operator-reads.ts';
import { encodeInSlices } from './sliced-encoding.ts';
import type { Viewer } from './viewer.ts';

type MasterEvent = master.EventValid;

/** Events that come while the state of a large cluster is put together; more of them, and the subscriber has to ask again. */
const mostEventsBefore = 100_000;

function seesTask({ core }: LeadingMaster, viewer: Viewer, frameworkId: string, taskId: string): boolean {
  const { frameworks, completedFrameworks } = core.state;
  const framework = frameworks.get(frameworkId) ?? completedFrameworks.get(frameworkId);
  const { tasks, unreachableTasks, completedTasks } = framework ?? {};
  const task = tasks?.get(taskId) ?? unreachableTasks?.get(taskId) ?? completedTasks?.get(taskId);
  if (framework === undefined || task === undefined) return false;
  return viewer.framework(framework) && viewer.task(framework, task);
}

/** The event as it is shown to one who may not see everything; undefined when it is not. */
function shownEvent(leading: LeadingMaster, viewer: Viewer, event: MasterEvent): MasterEvent | undefined {
  const { taskAdded, taskUpdated, agentAdded, frameworkAdded, frameworkUpdated, frameworkRemoved } = event;
  const { agents, frameworks } = leading.core.state;
  if (taskAdded !== undefined) {
    const { frameworkId, taskId } = taskAdded.task;
    return seesTask(leading, viewer, frameworkId.value, taskId.value) ? event : undefined;
  }
  if (taskUpdated !== undefined) {
    const { frameworkId, status } = taskUpdated;
    return seesTask(leading, viewer, frameworkId.value, status.taskId.value) ? event : undefined;
  }
  if (frameworkRemoved !== undefined) {
    return viewer.framework({ info: frameworkRemoved.frameworkInfo }) ? event : undefined;
  }
  if (agentAdded !== undefined) {
    const record = agents.get(agentAdded.agent.agentInfo.id?.value ?? '');
    if (record === undefined) return undefined;
    const agent = agentMessage(record, viewer.resources);
    return makeMessage(master.EventSchema, { type: event.type, agentAdded: { agent } });
  }
  const told = frameworkAdded ?? frameworkUpdated;
  if (told === undefined) return event;
  const record = frameworks.get(told.framework.frameworkInfo.id?.value ?? '');
  if (record === undefined || !viewer.framework(record)) return undefined;
  const framework = frameworkMessage(record, viewer.resources);
  const body =
    frameworkAdded === undefined ? { frameworkUpdated: { framework } } : { frameworkAdded: { framework } };
  return makeMessage(master.EventSchema, { type: event.type, ...body });
}

export async function serveSubscription(
  place: ReadPlace & { readonly clock: Clock },
  { response, principal }: Exchange,
  format: 'json' | 'protobuf',
): Promise<void> {
  const { master: leading, viewer, clock, blocks } = place;
  // Taken from now on, and sent after the state: what happens while that is put together must not be missed.
  let before: MasterEvent[] | undefined = [];
  let stream: EventStream<typeof master.EventSchema> | undefined;
  const subscriber = {
    send(event: MasterEvent): void {
      const shown = viewer.seesAll ? event : shownEvent(leading, viewer, event);
      if (shown === undefined) return;
      if (before === undefined) stream?.send(shown);
      else if (before.push(shown) > mostEventsBefore) response.destroy();
    },
    close: () => (stream === undefined ? void response.end() : stream.close()),
  };
  leading.addSubscriber(subscriber);
  response.once('close', () => leading.removeSubscriber(subscriber));
  const event = makeMessage(master.EventSchema, { type: master.Event_Type.SUBSCRIBED });
  event.subscribed = makeMessage(master.Event_SubscribedSchema, {
    heartbeatIntervalSeconds: heartbeatIntervalMs / 1000,
  });
  event.subscribed.getState = await viewState(place);
  const first = await encodeInSlices(place, format, master.EventSchema, event);
  if (response.destroyed || response.writableEnded) return leading.removeSubscriber(subscriber);
  response.setHeader('Content-Type', mediaTypes[format]);
  response.writeHead(200);
  stream = new EventStream({
    ...{ response, format, clock, heartbeatIntervalMs },
    schema: master.EventSchema,
    heartbeat: heartbeatEvent,
    onEnd: () => leading.removeSubscriber(subscriber),
    onTooSlow: (bytes) => leading.readsTooSlowly(principal, bytes),
  });
  stream.sendEncoded(first);
  for (const part of first.parts) blocks.give(part);
  stream.send(heartbeatEvent);
  for (const waiting of before) stream.send(waiting);
  before = undefined;
}
