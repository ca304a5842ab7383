/**
 * `POST /api/report`: reports of probes that have no stream - our frames, and Scope's JSON and msgpack - and `GET /api/report`, all that
 * is known in Scope's JSON. Probes have tokens of their own: nobody who may look around can make things up.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  type DecodeLimits,
  decodeReport,
  defaultDecodeLimits,
  fromScopeReport,
  type Report,
  ReportError,
  toScopeReport,
} from '@orchestrator/report';
import type { HttpServer } from '@orchestrator/runtime';
import type { FastifyRequest } from 'fastify';
import type { ProbeIdentity } from '../collect/collector.ts';
import { MonitorError } from '../errors.ts';
import { textOf } from '../view/lineage.ts';
import { probeIdOf, probesOnly } from './probe-token.ts';
import { scopeMsgpack } from './scope-msgpack.ts';
import type { Services } from './services.ts';

export interface ReportRouteOptions {
  /** Whether a probe's token is right; called with an empty text if there is none. */
  readonly isAuthorised: (token: string) => boolean;
  readonly decodeLimits?: Partial<DecodeLimits>;
}

const unzip = promisify(gunzip);

async function bytesOf({ headers, body }: FastifyRequest, limitBytes: number): Promise<Buffer> {
  if (!Buffer.isBuffer(body)) throw new MonitorError('invalid', 'there is no report in the body');
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip') {
    throw new MonitorError('invalid', `"${encoding}" is no encoding that is understood`, {
      remedy: 'use gzip',
    });
  }
  try {
    return await unzip(body, { maxOutputLength: limitBytes });
  } catch (cause) {
    const isTooLarge = cause instanceof RangeError;
    const message = isTooLarge
      ? `a report is larger than ${limitBytes} bytes`
      : 'a report cannot be unzipped';
    throw new MonitorError(isTooLarge ? 'limit' : 'invalid', message, { cause });
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new MonitorError('invalid', 'a report is no JSON', { cause });
  }
}

const headerOf = ({ headers }: FastifyRequest, name: string): string =>
  String(headers[name] ?? '').slice(0, 200);

function hostNameOf(report: Report): string | undefined {
  for (const node of report.topologies.get('host')?.nodes.values() ?? []) return textOf(node, 'host_name');
  return undefined;
}

/** Who sent a report in Scope's form. */
function senderOf(request: FastifyRequest, report: Report): ProbeIdentity {
  const hostName = hostNameOf(report) ?? request.ip;
  const id = probeIdOf(request) || `scope-${hostName}`;
  return { id, hostName, version: headerOf(request, 'x-scope-probe-version') };
}

function take(request: FastifyRequest, bytes: Buffer, services: Services, limits: DecodeLimits): void {
  const { collector, clock } = services;
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '';
  if (type === 'application/json' || type === 'application/msgpack') {
    const said = type === 'application/json' ? jsonOf(bytes) : scopeMsgpack(bytes);
    const report = fromScopeReport(said, clock.nowMs(), limits);
    collector.addWindowed(senderOf(request, report), report);
  } else if (type === 'application/x-protobuf' || type === 'application/protobuf') {
    collector.add(decodeReport(bytes, limits));
  } else {
    throw new MonitorError('invalid', `a report of type "${type}" is not understood`, {
      remedy: 'send application/json or application/msgpack in the form of Scope, or application/x-protobuf',
    });
  }
}

/** What the server makes of an error is decided by our own codes. */
function told(error: unknown): unknown {
  return error instanceof ReportError ? new MonitorError(error.code, error.message, { cause: error }) : error;
}

export function reportRoutes(server: HttpServer, services: Services, options: ReportRouteOptions): void {
  const { collector, clock, appId } = services;
  const limits = { ...defaultDecodeLimits, ...options.decodeLimits };
  server.route({
    ...{ method: 'GET', path: '/api/report', role: 'viewer', tags: ['reports'] },
    summary: 'All that is known, in the JSON form of Scope',
    handle: ({ principal }) => {
      services.views.requireAllViews(principal);
      return toScopeReport(collector.report(), { nowMs: clock.nowMs(), id: appId });
    },
  });
  // A scope of its own: here, and nowhere else, bodies are taken as bytes.
  void server.fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route({
      method: 'POST',
      url: '/api/report',
      bodyLimit: limits.frameBytes,
      config: { role: 'anyone' },
      schema: { hide: true },
      onRequest: probesOnly(options.isAuthorised),
      handler: async (request, reply) => {
        try {
          take(request, await bytesOf(request, limits.frameBytes), services, limits);
        } catch (error) {
          throw told(error);
        }
        return reply.status(200).send();
      },
    });
  });
}
