/** `/files/*` */
import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { double, type Exchange, HttpRefusal, jsonText, sendJson, sendText } from '@orchestrator/mesos';
import { visibleState } from '../access/visible.ts';
import { sandboxFolder, virtualSandboxPath } from '../sandbox/layout.ts';
import { downloadName, listFolder, modeText, readPart, resolveFile } from './files.ts';
import type { ApiPlace } from './place.ts';

function pathOf({ query }: Exchange): string {
  const path = query.get('path');
  if (path === null || path === '') throw new HttpRefusal(400, "Expecting 'path=value' in query.\n");
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

function numberOf({ query }: Exchange, name: 'offset' | 'length'): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value)) {
    throw new HttpRefusal(400, `Failed to parse ${name}: Failed to convert '${text}' to number.\n`);
  }
  if (value < -1) throw new HttpRefusal(400, `Negative ${name} provided: ${value}.\n`);
  return value;
}

export async function browse(place: ApiPlace, exchange: Exchange): Promise<void> {
  const path = pathOf(exchange);
  const real = await resolveFile(place, path, exchange.principal);
  if (real === undefined || !(await stat(real)).isDirectory()) {
    sendText(exchange.response, 404, '');
    return;
  }
  const files = await listFolder(path, real);
  const shown = files.map(({ gid, mode, mtimeS, nlink, path: file, size, uid }) => ({
    ...{ gid, mode: modeText(mode), mtime: double(mtimeS), nlink, path: file, size, uid },
  }));
  sendJson(exchange, jsonText(shown));
}

export async function readFile(place: ApiPlace, exchange: Exchange): Promise<void> {
  const path = pathOf(exchange);
  const offset = numberOf(exchange, 'offset') ?? -1;
  const length = numberOf(exchange, 'length');
  const real = await resolveFile(place, path, exchange.principal);
  if (real === undefined) {
    sendText(exchange.response, 404, '');
    return;
  }
  const part = await readPart(real, { offset, length: length === -1 ? undefined : length });
  sendJson(exchange, jsonText({ data: part.data.toString(), offset: part.offset }));
}

/** Every name of every sandbox that there is, and where it leads. */
export async function sendNames(place: ApiPlace, exchange: Exchange): Promise<void> {
  const state = place.state();
  const agentId = state?.info.id?.value;
  const names = new Map<string, string>();
  if (state !== undefined && agentId !== undefined) {
    const shown = visibleState(state, place.config.acls, exchange.principal);
    for (const { id, executors, completedExecutors } of [
      ...shown.completedFrameworks,
      ...shown.frameworks.values(),
    ]) {
      for (const { info, containerId } of [...completedExecutors, ...executors.values()]) {
        const ids = { agentId, frameworkId: id, executorId: info.executorId.value, containerId };
        const folder = sandboxFolder(place.config.workDir, ids);
        if (!existsSync(folder)) continue;
        for (const name of [folder, join(folder, '../latest'), virtualSandboxPath(ids)])
          names.set(name, folder);
      }
    }
  }
  sendJson(exchange, JSON.stringify(Object.fromEntries([...names].toSorted())));
}

export async function download(place: ApiPlace, exchange: Exchange): Promise<void> {
  const { response } = exchange;
  const path = pathOf(exchange);
  const real = await resolveFile(place, path, exchange.principal);
  const found = real === undefined ? undefined : await stat(real);
  if (real === undefined || found === undefined) {
    sendText(response, 404);
    return;
  }
  if (!found.isFile()) throw new HttpRefusal(400, 'Cannot download a directory.\n');
  response.setHeader('Content-Length', found.size);
  response.setHeader('Content-Disposition', `attachment; filename=${downloadName(path)}`);
  response.setHeader('Content-Type', 'application/octet-stream');
  response.writeHead(200);
  if (found.size === 0) response.end();
  // No more than was promised, however it grows.
  else await pipeline(createReadStream(real, { end: found.size - 1 }), response);
}
