import { ProbeError } from '../errors.ts';
import { createServer } from '../node-http.ts';

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
}

export interface MetricsPages {
  readonly metrics: () => string;
  readonly health: () => string;
}

/** A request that takes longer is no scrape. */
const requestTimeoutMs = 5_000;
const connectionLimit = 20;

/** @throws ProbeError `unavailable` if the address cannot be listened on */
export async function startMetricsServer(
  { host, port }: MetricsServerOptions,
  pages: MetricsPages,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    const page = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' || (page !== '/metrics' && page !== '/health')) {
      response.writeHead(404).end('there are /metrics and /health\n');
      return;
    }
    const type = page === '/metrics' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json';
    response
      .writeHead(200, { 'content-type': type })
      .end(page === '/metrics' ? pages.metrics() : pages.health());
  });
  server.maxConnections = connectionLimit;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ProbeError(`metrics cannot be offered at ${host}:${port}`, {
          code: 'unavailable',
          cause,
          remedy: 'choose another metrics.port, or metrics.enabled=false',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
