/** What a server answers: number on the wire, name, what it means and what to do. */
const serverCodes = [
  [-1, 'SystemError', 'the server failed; its log says why'],
  [-2, 'RuntimeInconsistency', 'not tried, because an earlier operation of the multi failed'],
  [-3, 'DataInconsistency', 'the server found its data inconsistent; its log says why'],
  [
    -4,
    'ConnectionLoss',
    'the connection broke before the reply; the request may or may not have taken effect',
  ],
  [-5, 'MarshallingError', 'the request or its reply could not be encoded'],
  [-6, 'Unimplemented', 'this server version does not know the operation'],
  [-7, 'OperationTimeout', 'the server did not answer in time'],
  [-8, 'BadArguments', 'the server refused the arguments'],
  [-12, 'UnknownSession', 'the server does not know the session'],
  [-13, 'NewConfigNoQuorum', 'no quorum of the new configuration is connected and in sync'],
  [-14, 'ReconfigInProgress', 'another reconfiguration is in progress'],
  [-100, 'ApiError', 'the server refused the request'],
  [-101, 'NoNode', 'the node, or the parent of the one to create, does not exist'],
  [-102, 'NoAuth', "the ACL does not permit this; add credentials with addAuth or change the node's ACL"],
  [-103, 'BadVersion', 'the node has another version than the request expects'],
  [-108, 'NoChildrenForEphemerals', 'the parent is ephemeral, so it cannot have children'],
  [-110, 'NodeExists', 'the node exists already'],
  [-111, 'NotEmpty', 'the node has children; delete these first'],
  [-112, 'SessionExpired', 'the session has expired; its ephemeral nodes are gone'],
  [-113, 'InvalidCallback', 'the server refused the callback'],
  [-114, 'InvalidAcl', 'the ACL is empty, malformed, or "auth" without credentials'],
  [-115, 'AuthFailed', 'the server refused the credentials'],
  [-118, 'SessionMoved', 'another connection has taken over the session'],
  [-119, 'NotReadOnly', 'the server is cut off from its quorum and serves reads only'],
  [-120, 'EphemeralOnLocalSession', 'a local session cannot own ephemeral nodes'],
  [-121, 'NoWatcher', 'the server holds no such watch'],
  [-122, 'RequestTimeout', 'the server gave up on the request'],
  [-123, 'ReconfigDisabled', 'reconfigEnabled is not set on the servers'],
  [-124, 'SessionClosedRequireAuth', 'the servers demand authentication; set auth or sasl'],
  [-125, 'QuotaExceeded', 'a quota of the node or of one above it is exhausted'],
  [-127, 'ThrottledOp', 'the server is overloaded and dropped the request; try again later'],
] as const;

/** What a client finds out by itself. */
type LocalErrorCode =
  | 'ClientClosed'
  | 'ConnectFailed'
  | 'InvalidPath'
  | 'InvalidOption'
  | 'Malformed'
  | 'NoLeader'
  | 'ProtocolError'
  | 'QueueFull'
  | 'SpoolFull'
  | 'StaleLeader'
  | 'StorageFailed';

type ServerErrorCode = (typeof serverCodes)[number][1];
export type ErrorCode = ServerErrorCode | LocalErrorCode;

const byNumber = new Map<number, { code: ServerErrorCode; meaning: string }>(
  serverCodes.map(([number, code, meaning]) => [number, { code, meaning }]),
);
const meanings = new Map<string, string>([
  ...serverCodes.map(([, code, meaning]): [string, string] => [code, meaning]),
  ['ClientClosed', 'the client has been closed'],
]);

/** The same request may succeed when it is sent again. After `ConnectionLoss` it may also have taken effect already. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ConnectionLoss',
  'ConnectFailed',
  'NoLeader',
  'OperationTimeout',
  'QueueFull',
  'ReconfigInProgress',
  'RequestTimeout',
  'SessionMoved',
  'SpoolFull',
  'StaleLeader',
  'ThrottledOp',
]);

export interface ErrorDetail {
  /** Operation that failed, `getData` for example. */
  op?: string | undefined;
  /** Path as the caller gave it, without the chroot. */
  path?: string | undefined;
  /** The reply's zxid: failed writes take one as well. Absent when no reply came. */
  zxid?: bigint | undefined;
  /** The request's number within its session; absent when it was never sent. */
  cxid?: number | undefined;
  cause?: unknown;
}

/** Base of everything this package throws. */
export class ZooKeeperError extends Error {
  override readonly name: string = 'ZooKeeperError';
  readonly code: ErrorCode;
  readonly op: string | undefined;
  readonly path: string | undefined;
  readonly zxid: bigint | undefined;
  readonly cxid: number | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.op = detail.op;
    this.path = detail.path;
    this.zxid = detail.zxid;
    this.cxid = detail.cxid;
  }

  /** Whether the same request may succeed when it is sent again. */
  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }
}

/** Name of a code from the wire; `undefined` for 0. */
export function errorCode(number: number): ErrorCode | undefined {
  if (number === 0) return undefined;
  return byNumber.get(number)?.code ?? 'ApiError';
}

/** An error with the usual text for `code`: what was asked of which node, and what that code means. */
export function requestError(code: ErrorCode, detail: ErrorDetail): ZooKeeperError {
  const subject = [detail.op, detail.path].filter((part) => part !== undefined).join(' ');
  const meaning = meanings.get(code) ?? 'the server gave a code that this client does not know';
  return new ZooKeeperError(code, `${code}${subject === '' ? '' : `: ${subject}`}: ${meaning}`, detail);
}

/** The error behind a reply's error number. */
export function serverError(number: number, detail: ErrorDetail): ZooKeeperError {
  const known = byNumber.get(number);
  if (known !== undefined) return requestError(known.code, detail);
  return new ZooKeeperError(
    'ApiError',
    `${detail.op} ${detail.path ?? ''}: unknown server error ${number}`,
    detail,
  );
}
