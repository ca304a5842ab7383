/** `/api/containers/{id}/files…`: files within containers, through the probe on their host. */
import { posix } from 'node:path';
import { PassThrough } from 'node:stream';
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import type { PipeViewer } from '../control/pipes.ts';
import { MonitorError } from '../errors.ts';
import { containerFileText, containerListing } from '../schema/index.ts';
import { findContainer } from './control-routes.ts';
import type { Services } from './services.ts';

const tags = ['files'];
const params = z.object({ id: z.string().min(1).max(2_000) });
const path = z.string().min(1).max(4_000).describe('From the root of the container');
/** Of a download that its client has not taken yet; one that takes it more slowly is cut off. */
const maxWaitingBytes = 64 * 1024 * 1024;

function parsed(value: string | undefined, what: string): unknown {
  try {
    return JSON.parse(value ?? '');
  } catch (cause) {
    throw new MonitorError('unavailable', `the probe gave no ${what}`, {
      cause,
      remedy: 'run a probe of the same version as this server',
    });
  }
}

/** What comes through a pipe, as a stream that breaks if the pipe does. */
function streamOf(): { stream: PassThrough; viewer: PipeViewer } {
  const stream = new PassThrough();
  const viewer: PipeViewer = {
    send(bytes) {
      if (stream.writableLength > maxWaitingBytes) return false;
      stream.write(bytes);
      return true;
    },
    close(reason) {
      if (reason === '') stream.end();
      else stream.destroy(new MonitorError('unavailable', reason));
    },
  };
  return { stream, viewer };
}

export function fileRoutes(server: HttpServer, services: Services): void {
  const { controls, pipes } = services;
  // The role that a control needs is asked for where it is run.
  const get = { method: 'GET', role: 'viewer', tags } as const;
  server.route({
    ...{ ...get, path: '/api/containers/:id/files', summary: 'What a folder of a container holds' },
    schemas: { params, query: z.object({ path: path.default('/') }), response: containerListing },
    handle: async ({ params: { id }, query, principal }) => {
      const nodeId = findContainer(services, id);
      const request = { nodeId, control: 'docker_list_files', arguments: { path: query.path } };
      return containerListing.parse(parsed((await controls.run(principal, request)).value, 'list'));
    },
  });
  server.route({
    ...{ ...get, path: '/api/containers/:id/files/content', summary: 'A part of a file of a container' },
    schemas: {
      params,
      query: z.object({
        path,
        offset: z.coerce.number().int().min(0).default(0),
        length: z.coerce.number().int().min(1).max(262_144).default(65_536),
      }),
      response: containerFileText,
    },
    handle: async ({ params: { id }, query, principal }) => {
      const given = { path: query.path, offset: String(query.offset), length: String(query.length) };
      const nodeId = findContainer(services, id);
      const request = { nodeId, control: 'docker_read_file', arguments: given };
      return containerFileText.parse(parsed((await controls.run(principal, request)).value, 'content'));
    },
  });
  server.route({
    ...{ ...get, path: '/api/containers/:id/files/download' },
    summary: 'A file of a container, or a folder as a tar archive',
    schemas: { params, query: z.object({ path }) },
    handle: async ({ params: { id }, query, principal, reply, signal }) => {
      const nodeId = findContainer(services, id);
      const request = { nodeId, control: 'docker_download_file', arguments: { path: query.path } };
      const { pipeId } = await controls.run(principal, request);
      if (pipeId === undefined) throw new MonitorError('unavailable', 'the probe opened no pipe');
      const { stream, viewer } = streamOf();
      pipes.attach(pipeId, viewer, principal.name);
      signal.addEventListener('abort', () => {
        if (pipes.has(pipeId)) pipes.end(pipeId, principal.name);
      });
      const name = posix.basename(query.path).replace(/[^\w.-]/g, '_') || 'files';
      // Whatever a container has written is never run by a browser.
      reply.header('Content-Type', 'application/octet-stream').header('X-Content-Type-Options', 'nosniff');
      reply.header('Content-Disposition', `attachment; filename="${name}"`);
      return stream;
    },
  });
}
