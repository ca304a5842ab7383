import type { DescMessage } from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import { parseJson } from '../json/parse.ts';
import { readJsonValue } from '../json/read.ts';
import { decodeMessage, type Valid } from '../messages/message.ts';
import { type BodyFormat, mediaTypes } from './format.ts';

/** A request that is answered with a status and a line of text, in Mesos' words. */
export class HttpRefusal extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.name = 'HttpRefusal';
    this.status = status;
  }
}

/** The format of a call, by its content type to the letter: no parameters, no other case. Throws `HttpRefusal`. */
export function callFormat(contentType: string | undefined): BodyFormat {
  if (contentType === mediaTypes.json) return 'json';
  if (contentType === mediaTypes.protobuf) return 'protobuf';
  if (contentType === undefined) throw new HttpRefusal(400, "Expecting 'Content-Type' to be present");
  throw new HttpRefusal(415, `Expecting 'Content-Type' of ${mediaTypes.json} or ${mediaTypes.protobuf}`);
}

/** The format of the answer: JSON if that will do, whatever weights say; everything will do when nothing is said. Throws `HttpRefusal`. */
export function answerFormat(accept: string | undefined): BodyFormat {
  if (accept === undefined || accept.trim() === '') return 'json';
  const ranges = accept.split(',').map((range) => range.split(';', 1)[0]?.trim() ?? '');
  const accepts = (format: BodyFormat) =>
    ranges.some((range) => range === mediaTypes[format] || range === 'application/*' || range === '*/*');
  if (accepts('json')) return 'json';
  if (accepts('protobuf')) return 'protobuf';
  throw new HttpRefusal(406, `Expecting 'Accept' to allow '${mediaTypes.protobuf}' or '${mediaTypes.json}'`);
}

function refusing<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MesosError)) throw error;
    throw new HttpRefusal(400, `${prefix}${error.message}`);
  }
}

/** Reads the body of a call. Throws `HttpRefusal` (400) with the text a Mesos daemon answers. */
export function readCall<Desc extends DescMessage>(
  schema: Desc,
  format: BodyFormat,
  body: Buffer,
): Valid<Desc> {
  if (format === 'json') {
    const value = refusing('Failed to parse body into JSON: ', () => parseJson(body.toString()));
    return refusing('Failed to convert JSON into Call protobuf: ', () => readJsonValue(schema, value));
  }
  try {
    return decodeMessage(schema, body);
  } catch {
    throw new HttpRefusal(400, 'Failed to parse body into Call protobuf');
  }
}
