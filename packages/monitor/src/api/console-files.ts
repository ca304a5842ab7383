/** The console's files, for everybody: what it shows, it asks for like any other client, and then it has to log in. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import type { HttpServer } from '@orchestrator/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** Fonts are compressed as they are. */
const compressible: ReadonlySet<string> = new Set(['.html', '.js', '.css', '.svg']);

/**
 * Scripts are files of ours and nothing else, text never becomes script or markup, nothing is loaded from or sent to
 * another origin, and no other page may frame this one. Styles in elements are allowed, because the terminal makes some;
 * frames of ours, because a migration's report is shown in one, which may run nothing.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const securityHeaders = {
  'Content-Security-Policy': contentSecurityPolicy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

interface ConsoleFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
  /** Its name has a hash of its content: whoever has it need not ask again. */
  readonly isHashed: boolean;
  /** Made when it is first asked for. */
  compressed: Promise<Buffer> | undefined;
}

const zip = promisify(brotliCompress);
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

function readFiles(folder: string): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    const type = types[extname(name)];
    if (type === undefined || !statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(url, { type, bytes, etag, isHashed: url.startsWith('/assets/'), compressed: undefined });
  }
  return files;
}

async function send(file: ConsoleFile, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.headers(securityHeaders).header('ETag', file.etag).header('Vary', 'Accept-Encoding');
  reply.header('Cache-Control', file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.headers['if-none-match'] === file.etag) return reply.status(304).send();
  reply.type(file.type);
  const isCompressible = [...compressible].some((extension) => types[extension] === file.type);
  if (!isCompressible || !/\bbr\b/.test(request.headers['accept-encoding'] ?? ''))
    return reply.send(file.bytes);
  file.compressed ??= zip(file.bytes, quality);
  return reply.header('Content-Encoding', 'br').send(await file.compressed);
}

const isPage = (path: string, { headers }: FastifyRequest) =>
  !path.startsWith('/api/') && (headers.accept ?? '').includes('text/html');

/** Files by their names, and the page itself for every other path that a browser opens: the paths are the console's own. */
export function consoleRoutes(server: HttpServer, folder: string): void {
  const files = existsSync(join(folder, 'index.html')) ? readFiles(folder) : new Map<string, ConsoleFile>();
  const page = files.get('/index.html');
  server.fastify.get('/*', { config: { role: 'anyone' }, schema: { hide: true } }, async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const file = files.get(path) ?? (isPage(path, request) ? page : undefined);
    if (file !== undefined) return send(file, request, reply);
    if (page === undefined && isPage(path, request)) {
      const told =
        'The console is not built. Run "npm run setup" in the source folder, then start the monitor again.';
      return reply.status(503).headers(securityHeaders).type('text/plain; charset=utf-8').send(`${told}\n`);
    }
    reply.callNotFound();
    return reply;
  });
}
