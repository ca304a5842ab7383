/** Records as files: JSON around messages in protobuf, so that fields which this version does not know survive too. */
import {
  AgentInfoSchema,
  DrainConfigSchema,
  decodeMessage,
  ExecutorInfoSchema,
  encodeMessage,
  FrameworkInfoSchema,
  internal,
  OperationSchema,
  ResourceSchema,
  TaskInfoSchema,
  TaskSchema,
} from '@orchestrator/mesos';
import type { SavedRecord } from '../core/saved.ts';
import { AgentError } from '../errors.ts';

type Descriptor = Parameters<typeof encodeMessage>[0];

const schemas: Readonly<Record<SavedRecord['kind'], Readonly<Record<string, Descriptor>>>> = {
  agent: { info: AgentInfoSchema },
  resources: { resources: ResourceSchema },
  drain: { config: DrainConfigSchema },
  operation: { operation: OperationSchema },
  framework: { info: FrameworkInfoSchema },
  executor: { info: ExecutorInfoSchema },
  task: { info: TaskInfoSchema, task: TaskSchema, pending: internal.StatusUpdateSchema },
};

const version = 1;

type Message = Parameters<typeof encodeMessage>[1];
const encode = (schema: Descriptor, message: unknown) =>
  Buffer.from(encodeMessage(schema, message as Message)).toString('base64');
const decode = (schema: Descriptor, text: unknown) =>
  decodeMessage(schema, Buffer.from(String(text), 'base64'));

function mapMessages(
  kind: SavedRecord['kind'],
  fields: Record<string, unknown>,
  map: (schema: Descriptor, value: unknown) => unknown,
): Record<string, unknown> {
  const mapped = { ...fields };
  for (const [name, schema] of Object.entries(schemas[kind])) {
    const value = fields[name];
    mapped[name] = Array.isArray(value) ? value.map((item) => map(schema, item)) : map(schema, value);
  }
  return mapped;
}

export function encodeRecord(record: SavedRecord): string {
  return JSON.stringify({ version, ...mapMessages(record.kind, { ...record }, encode) });
}

const isKind = (kind: unknown): kind is SavedRecord['kind'] => typeof kind === 'string' && kind in schemas;

/** @throws AgentError `CheckpointUnreadable` */
export function decodeRecord(text: string, path: string): SavedRecord {
  try {
    const { version: found, kind, ...fields } = JSON.parse(text) as Record<string, unknown>;
    if (found !== version || !isKind(kind)) throw new Error(`kind ${kind} of version ${found} is unknown`);
    return { kind, ...mapMessages(kind, fields, decode) } as unknown as SavedRecord;
  } catch (cause) {
    throw new AgentError('CheckpointUnreadable', `${path} is no checkpoint: ${(cause as Error).message}`, {
      cause,
    });
  }
}
