/** The files of a master: its log, under the name that Mesos gives it. Endpoints of before v1 and calls of v1. */
import { open } from 'node:fs/promises';
import {
  type Exchange,
  HttpRefusal,
  jsonText,
  MesosError,
  makeMessage,
  type master,
  master as masterApi,
  parseDuration,
  sendJson,
  sendText,
} from '@orchestrator/mesos';
import { requestFacts } from './audit.ts';
import type { OperatorPlace } from './operator-place.ts';

export const logPath = '/master/log';

/** One answer holds no more; Mesos reads 16 pages. */
const mostBytes = 16 * 4096;

const withoutSlash = (path: string) => path.replace(/\/+$/, '');

/** @throws HttpRefusal 403, or 404 for what is not there */
function fileOf({ viewer, about }: OperatorPlace, path: string, missing = ''): string {
  const isLog = withoutSlash(path) === logPath;
  if (isLog && !viewer.permits('access_mesos_log')) throw new HttpRefusal(403, '');
  if (!isLog || about.logFile === undefined) throw new HttpRefusal(404, missing);
  return about.logFile;
}

interface Piece {
  readonly size: number;
  readonly data: Buffer;
}

/** `length` undefined: as much as an answer holds. */
async function readPiece(file: string, offset: number, length: number | undefined): Promise<Piece> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new HttpRefusal(404, '');
    throw error;
  });
  try {
    const { size } = await handle.stat();
    const wanted = Math.max(0, Math.min(length ?? mostBytes, mostBytes, size - offset));
    const data = Buffer.alloc(wanted);
    const { bytesRead } = wanted === 0 ? { bytesRead: 0 } : await handle.read(data, 0, wanted, offset);
    return { size, data: data.subarray(0, bytesRead) };
  } finally {
    await handle.close();
  }
}

function pathOf({ query }: Exchange): string {
  const path = query.get('path');
  if (path === null || path === '') throw new HttpRefusal(400, "Expecting 'path=value' in query.\n");
  return path;
}

/** From -1, which stands for "not at all". */
function numberOf({ query }: Exchange, name: string): number {
  const text = query.get(name);
  if (text === null) return -1;
  if (!/^-?\d+$/.test(text)) {
    throw new HttpRefusal(400, `Failed to parse ${name}: Failed to convert '${text}' to number.\n`);
  }
  const value = Number(text);
  if (value < -1) throw new HttpRefusal(400, `Negative ${name} provided: ${value}.\n`);
  return value;
}

/** The log is a file, and there are no folders: a listing of it is empty, as the real one's is. */
export function browse(exchange: Exchange, place: OperatorPlace): void {
  fileOf(place, pathOf(exchange));
  sendJson(exchange, '[]');
}

/** `offset=-1` asks for the length of the file. */
export async function read(exchange: Exchange, place: OperatorPlace): Promise<void> {
  const path = pathOf(exchange);
  const [offset, length] = [numberOf(exchange, 'offset'), numberOf(exchange, 'length')];
  const file = fileOf(place, path);
  const isLengthAsked = offset === -1;
  const piece = await readPiece(
    file,
    Math.max(0, offset),
    isLengthAsked ? 0 : length === -1 ? undefined : length,
  );
  const data = piece.data.toString();
  sendJson(exchange, jsonText({ data, offset: isLengthAsked ? piece.size : offset }));
}

export async function download(exchange: Exchange, place: OperatorPlace): Promise<void> {
  const missing = '404 Not Found.';
  const file = fileOf(place, pathOf(exchange), missing);
  const { response } = exchange;
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) throw new HttpRefusal(404, missing);
  const { size } = await handle.stat();
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Disposition', 'attachment; filename=log');
  response.setHeader('Content-Length', size);
  response.writeHead(200);
  // Not past the length that was told: the log grows meanwhile.
  if (size === 0) {
    await handle.close();
    response.end();
    return;
  }
  handle.createReadStream({ end: size - 1 }).pipe(response);
}

export function debug(exchange: Exchange, { viewer, about }: OperatorPlace): void {
  if (!viewer.permits('get_endpoint', '/files/debug')) throw new HttpRefusal(403, '');
  sendJson(exchange, jsonText(about.logFile === undefined ? {} : { [logPath]: about.logFile }));
}

/** LIST_FILES and READ_FILE; undefined for other calls. */
export async function answerFileCall(
  place: OperatorPlace,
  call: master.CallValid,
): Promise<master.ResponseValid | undefined> {
  const { Response_Type: type, ResponseSchema } = masterApi;
  if (call.listFiles !== undefined) {
    fileOf(place, call.listFiles.path);
    return makeMessage(ResponseSchema, { type: type.LIST_FILES, listFiles: { fileInfos: [] } });
  }
  if (call.readFile === undefined) return undefined;
  const { path, offset, length } = call.readFile;
  const limit = Object.hasOwn(call.readFile, 'length') ? Number(length) : undefined;
  const { size, data } = await readPiece(fileOf(place, path), Number(offset), limit);
  return makeMessage(ResponseSchema, { type: type.READ_FILE, readFile: { size: BigInt(size), data } });
}

/** `/logging/toggle`: says the level, or sets it for a while. */
export function toggleLogging(exchange: Exchange, place: OperatorPlace): void {
  const { query, response } = exchange;
  if (!place.viewer.permits('get_endpoint', '/logging/toggle')) throw new HttpRefusal(403, '');
  const [level, duration] = [query.get('level'), query.get('duration')];
  if (level === null && duration === null) {
    sendText(response, 200, `${place.loggingLevel()}\n`);
    return;
  }
  if (duration === null) throw new HttpRefusal(400, "Expecting 'duration=value' in query.\n");
  if (level === null) throw new HttpRefusal(400, "Expecting 'level=value' in query.\n");
  if (!/^-?\d+$/.test(level)) throw new HttpRefusal(400, `Failed to convert '${level}' to number.\n`);
  if (Number(level) < 0) throw new HttpRefusal(400, `Invalid level '${level}'.\n`);
  place.setLoggingLevel(Number(level), durationMsOf(duration));
  const subject = { level: Number(level), duration };
  place.audit({ ...requestFacts(exchange), action: 'GET /logging/toggle', subject, status: 200 });
  sendText(response, 200);
}

function durationMsOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof MesosError) throw new HttpRefusal(400, `${error.message}.\n`);
    throw error;
  }
}
