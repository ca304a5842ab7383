/** How a probe is started that reports to this monitor. Pure. */
import type { About } from '../api/index.ts';

const isLoopback = (host: string) => /^(localhost|::1|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(host);
const isEvery = (host: string) => host === '0.0.0.0' || host === '::';
const bracketed = (host: string) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

const tokenFlag = '--token-file=/etc/orchestrator/probe-token';

export interface ProbeCommands {
  /** On the machine of the monitor. */
  readonly here: string;
  readonly elsewhere: string;
  /** Whether probes of other hosts can reach it as it is configured. */
  readonly isReachable: boolean;
}

/** `pageHost`: by which the browser reaches the monitor. */
export function probeCommands(
  { hostname, probeService }: Pick<About, 'hostname' | 'probeService'>,
  pageHost: string,
): ProbeCommands {
  const { host, port, tls, token } = probeService;
  // A certificate is for a name; the loopback address is in few of them.
  const known = isLoopback(pageHost) ? hostname : pageHost;
  const near = tls ? known : isEvery(host) ? '127.0.0.1' : host;
  const far = isLoopback(host) || isEvery(host) ? known : host;
  const isReachable = !isLoopback(host);
  const command = (at: string, withTls: boolean, withToken: boolean) =>
    [
      'orchestrator probe',
      ...(withToken ? [tokenFlag] : []),
      `${withTls ? 'grpcs://' : ''}${bracketed(at)}:${port}`,
    ].join(' ');
  return {
    here: command(near, tls, token),
    // As it will be once it listens for others: not without TLS and a token.
    elsewhere: command(far, tls || !isReachable, token || !isReachable),
    isReachable,
  };
}
