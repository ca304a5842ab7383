import { expect, it } from 'vitest';
import { scopeAnswers, scopeCall } from './scope-rpc.ts';

it('calls are a header and a body', () => {
  const request = { nodeId: 'n;<container>', control: 'docker_pause_container', arguments: { a: 'b' } };
  const [header, body] = scopeCall(7, 'app', request).map((text) => JSON.parse(text));
  expect(header.Request).toEqual({ ServiceMethod: 'control.Handle', Seq: 7 });
  expect(body.Value).toEqual({
    ...{ AppID: 'app', NodeID: 'n;<container>', Control: 'docker_pause_container' },
    ControlArgs: { a: 'b' },
  });
});

const answerTo = (response: object, value: unknown) => {
  const answers = scopeAnswers();
  expect(answers(JSON.stringify({ Response: { Seq: 7, Error: '', ...response } }))).toBeUndefined();
  return answers(JSON.stringify({ Value: value }));
};

it.each([
  [{}, {}],
  [{ value: 'x' }, { value: 'x' }],
  [{ value: { a: 1 } }, { value: '{"a":1}' }],
  [
    { pipe: 'pipe-1', raw_tty: true, resize_tty_control: 'docker_resize_exec_tty' },
    { pipeId: 'pipe-1', rawTty: true, resizeTtyControl: 'docker_resize_exec_tty' },
  ],
  [{ removedNode: 'n' }, { removedNode: 'n' }],
])('an answer %j is understood', (value, result) => {
  expect(answerTo({}, value)).toEqual({ sequence: '7', result });
});

it('refusals are told in the words of the probe, wherever they stand', () => {
  const words = 'Control "x" not recognised';
  expect(answerTo({}, { error: words })?.result).toMatchObject({ code: 'invalid', message: words });
  expect(answerTo({ Error: words }, {})?.result).toMatchObject({ code: 'invalid', message: words });
});

it('what is no answer is refused', () => {
  expect(() => scopeAnswers()('{')).toThrow('no JSON');
  expect(() => scopeAnswers()('{"Request": {"Seq": 1}}')).toThrow('without the number');
});
