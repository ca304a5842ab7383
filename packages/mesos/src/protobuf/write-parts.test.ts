import { expect, test } from 'vitest';
import { Response_Type, ResponseSchema } from '../generated/mesos/v1/master/master_pb.ts';
import { TaskState } from '../generated/mesos/v1/task_pb.ts';
import { Value_Type } from '../generated/mesos/v1/values_pb.ts';
import { writeJson } from '../json/write.ts';
import { writeJsonChunks } from '../json/write-chunks.ts';
import { madeWhenRead } from '../messages/long-list.ts';
import { decodeMessage, makeMessage } from '../messages/message.ts';
import { encodeMessageParts } from './write-parts.ts';

function answerOf(tasks: number) {
  return makeMessage(ResponseSchema, {
    type: Response_Type.GET_STATE,
    getState: {
      getTasks: {
        tasks: Array.from({ length: tasks }, (_, index) => ({
          ...{
            name: 'sleep',
            taskId: { value: `task-${index}` },
            agentId: { value: 'S0' },
            state: TaskState.TASK_RUNNING,
          },
          frameworkId: { value: 'F' },
          resources: [{ name: 'cpus', type: Value_Type.SCALAR, scalar: { value: 1 } }],
        })),
      },
      getFrameworks: { recoveredFrameworks: [{ user: 'root', name: 'web' }] },
    },
  });
}

test.each([0, 1, 5_000])('an answer with %i tasks is the same message', (count) => {
  const message = answerOf(count);
  const work = encodeMessageParts(ResponseSchema, message);
  let pauses = 0;
  let step = work.next();
  for (; step.done !== true; step = work.next()) pauses++;
  const { parts, bytes } = step.value;
  const whole = Buffer.concat(parts);
  expect(whole.length).toBe(bytes);
  expect(decodeMessage(ResponseSchema, whole)).toEqual(message);
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(bytes / 20_000));
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(100_000);
});

test.each([0, 1, 5_000])('so are %i that are made when they are read, in JSON too', (count) => {
  const message = answerOf(count);
  const lazy = { ...message, getState: { ...message.getState, getTasks: { ...message.getState?.getTasks } } };
  const tasks = message.getState?.getTasks?.tasks ?? [];
  lazy.getState.getTasks.tasks = madeWhenRead(tasks, (task) => task);
  const written = lazy as typeof message;
  const work = encodeMessageParts(ResponseSchema, written);
  let step = work.next();
  while (step.done !== true) step = work.next();
  expect(decodeMessage(ResponseSchema, Buffer.concat(step.value.parts))).toEqual(message);
  const text = Buffer.concat([...writeJsonChunks(ResponseSchema, written)]).toString();
  expect(text).toBe(writeJson(ResponseSchema, message));
});

test('a framework with thousands of offers comes in chunks, too', () => {
  const offer = { id: { value: 'O' }, frameworkId: { value: 'F' }, agentId: { value: 'S' }, hostname: 'h' };
  const message = makeMessage(ResponseSchema, {
    type: Response_Type.GET_FRAMEWORKS,
    getFrameworks: {
      frameworks: [
        {
          ...{
            frameworkInfo: { user: 'root', name: 'web' },
            active: true,
            connected: true,
            recovered: false,
          },
          offers: Array.from({ length: 5_000 }, () => offer),
        },
      ],
    },
  });
  const chunks = [...writeJsonChunks(ResponseSchema, message)];
  expect(Buffer.concat(chunks).toString()).toBe(writeJson(ResponseSchema, message));
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
  const work = encodeMessageParts(ResponseSchema, message);
  let step = work.next();
  while (step.done !== true) step = work.next();
  expect(decodeMessage(ResponseSchema, Buffer.concat(step.value.parts))).toEqual(message);
  expect(Math.max(...step.value.parts.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
});
