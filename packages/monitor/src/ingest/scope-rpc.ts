/**
 * How Scope asks its probes: calls of Go's `net/rpc` as JSON, a header and a body in a text message each.
 *
 *   app → probe    {"Request":  {"ServiceMethod": "control.Handle", "Seq": 7}}
 *                  {"Value": {"AppID", "NodeID", "Control", "ControlArgs": {…}}}
 *   probe → app    {"Response": {"ServiceMethod": "control.Handle", "Seq": 7, "Error": ""}}
 *                  {"Value": {"value"?, "error"?, "pipe"?, "raw_tty"?, "resize_tty_control"?, "removedNode"?}}
 */
import type { ControlRequest, ControlResult } from '../control/link.ts';
import { MonitorError } from '../errors.ts';

const method = 'control.Handle';

/** The two messages of a call. `sequence`: comes back with the answer. */
export function scopeCall(
  sequence: number,
  appId: string,
  { nodeId, control, arguments: given }: ControlRequest,
): readonly [header: string, body: string] {
  const header = { Request: { ServiceMethod: method, Seq: sequence }, Response: null, Value: null };
  const value = { AppID: appId, NodeID: nodeId, Control: control, ControlArgs: given };
  return [JSON.stringify(header), JSON.stringify({ Request: null, Response: null, Value: value })];
}

export interface ScopeAnswer {
  /** Of the call. */
  readonly sequence: string;
  readonly result: ControlResult | MonitorError;
}

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function parse(text: string): Json {
  try {
    return objectOf(JSON.parse(text));
  } catch (cause) {
    throw new MonitorError('invalid', 'a probe has sent what is no JSON', { cause });
  }
}

/** A probe's own words, which Scope's clients show. */
const refusal = (error: string) => new MonitorError('invalid', error);

function resultOf(value: Json): ControlResult | MonitorError {
  if (textOf(value.error) !== '') return refusal(textOf(value.error));
  const [pipe, resize, removed] = [value.pipe, value.resize_tty_control, value.removedNode].map(textOf);
  const said = value.value;
  return {
    ...(said === undefined || said === null
      ? {}
      : { value: typeof said === 'string' ? said : JSON.stringify(said) }),
    ...(pipe ? { pipeId: pipe } : {}),
    ...(value.raw_tty === true ? { rawTty: true } : {}),
    ...(resize ? { resizeTtyControl: resize } : {}),
    ...(removed ? { removedNode: removed } : {}),
  };
}

/** Puts messages together to answers. Each message is to be given to it; @throws MonitorError `invalid`, and no more is understood */
export function scopeAnswers(): (text: string) => ScopeAnswer | undefined {
  let header: Json | undefined;
  return (text) => {
    const message = parse(text);
    if (header === undefined) {
      header = objectOf(message.Response);
      if (typeof header.Seq !== 'number' && typeof header.Seq !== 'string')
        throw new MonitorError('invalid', 'a probe has sent an answer without the number of its call');
      return undefined;
    }
    const { Seq, Error: error } = header;
    header = undefined;
    const failure = textOf(error);
    return {
      sequence: String(Seq),
      result: failure === '' ? resultOf(objectOf(message.Value)) : refusal(failure),
    };
  };
}
