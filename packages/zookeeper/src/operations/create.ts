import { ZooKeeperError } from '../errors.ts';
import type { JuteReader } from '../jute/reader.ts';
import type { JuteWriter } from '../jute/writer.ts';
import { type Acl, openAcl, writeAcl } from '../protocol/acl.ts';
import { withChroot, withoutChroot } from '../protocol/path.ts';
import { readStat, type Stat } from '../protocol/stat.ts';
import { type CreateMode, createModeFlags, hasTtl } from './create-mode.ts';
import type { Operation, Reply } from './operation.ts';

export interface CreateRequest {
  path: string;
  data: Uint8Array | null;
  /** Default: everyone may do everything. */
  acl?: readonly Acl[] | undefined;
  /** Default `persistent`. */
  mode?: CreateMode | undefined;
  /** Time to live, 1 to 2^40 - 1; for the `…WithTtl` modes only. */
  ttlMs?: number | undefined;
}

export interface CreateResult extends Reply {
  /** Final path: with the number that the server appended to a sequential node. */
  path: string;
}

export interface Create2Result extends CreateResult {
  stat: Stat;
}

/**
 * CreateRequest: string path | buffer data | vector<Acl> | int flags
 * CreateTTLRequest: the same | long ttl
 */
export function writeCreate(writer: JuteWriter, request: CreateRequest, chroot: string): void {
  const mode = request.mode ?? 'persistent';
  writer.string(withChroot(chroot, request.path)).buffer(request.data);
  writer.vector(request.acl ?? openAcl, writeAcl).int(createModeFlags(mode));
  if (hasTtl(mode)) writer.longFromNumber(checkTtl(request));
}

function checkTtl({ path, ttlMs }: CreateRequest): number {
  if (ttlMs !== undefined && Number.isInteger(ttlMs) && ttlMs > 0 && ttlMs < 2 ** 40) return ttlMs;
  throw new ZooKeeperError(
    'BadArguments',
    `create ${path}: ttlMs is ${ttlMs}; give an integer from 1 to 2^40 - 1`,
    { path },
  );
}

/** CreateResponse: string path. What follows in the newer responses is not looked at. */
function readCreated(reader: JuteReader, reply: Reply, chroot: string): CreateResult {
  return { path: withoutChroot(chroot, reader.string()), zxid: reply.zxid, cxid: reply.cxid };
}

/** Create2Response: string path | Stat */
function readCreated2(reader: JuteReader, reply: Reply, chroot: string): Create2Result {
  const path = withoutChroot(chroot, reader.string());
  return { path, stat: readStat(reader), zxid: reply.zxid, cxid: reply.cxid };
}

const opCodes = { create: 1, create2: 15, createContainer: 19, createTtl: 21 } as const;

function operation<Result>(
  opCode: number,
  read: (reader: JuteReader, reply: Reply, chroot: string) => Result,
): Operation<CreateRequest, Result> {
  return { name: 'create', opCode, write: writeCreate, read };
}

const create = operation(opCodes.create, readCreated);
const createContainer = operation(opCodes.createContainer, readCreated);
const createTtl = operation(opCodes.createTtl, readCreated);

/** The operation for a mode: 3.4 knows the plain one only. */
export function createFor(mode: CreateMode | undefined): Operation<CreateRequest, CreateResult> {
  if (mode === undefined) return create;
  if (mode === 'container') return createContainer;
  return hasTtl(mode) ? createTtl : create;
}

const create2 = operation(opCodes.create2, readCreated2);
const createContainer2 = operation(opCodes.createContainer, readCreated2);
const createTtl2 = operation(opCodes.createTtl, readCreated2);

/** As {@link createFor}, with the new node's Stat in the result. */
export function create2For(mode: CreateMode | undefined): Operation<CreateRequest, Create2Result> {
  if (mode === undefined) return create2;
  if (mode === 'container') return createContainer2;
  return hasTtl(mode) ? createTtl2 : create2;
}

/** The number of a create inside a multi. */
export function createOpCode(mode: CreateMode | undefined, withStat: boolean): number {
  return (withStat ? create2For(mode) : createFor(mode)).opCode;
}
