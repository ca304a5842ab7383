import { parseUpid, type Upid } from './upid.ts';

/** The head of a request, as far as it matters here. Header names are in lower case; the last of a name counts. */
export interface RequestHead {
  method: string;
  path: string;
  version: string;
  headers: ReadonlyMap<string, string>;
}

/** Undefined for what is no HTTP/1 request head; `text` is without the blank line that ends it. */
export function parseHead(text: string): RequestHead | undefined {
  const [requestLine, ...lines] = text.split('\r\n');
  const [method, path, version, ...extra] = requestLine?.split(' ') ?? [];
  if (method === undefined || path === undefined || version === undefined || extra.length > 0)
    return undefined;
  if (!version.startsWith('HTTP/1.')) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) return undefined;
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, path, version, headers };
}

export interface MessageAddress {
  /** Id of the process it is for. */
  to: string;
  /** Full name of the protobuf type. */
  type: string;
  /** Undefined when the sender's header is no UPID. */
  from: Upid | undefined;
}

const agentPrefix = 'libprocess/';

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // not an escape, then: the id is meant as it stands
  }
}

/**
 * Whom a request is for, if it is a libprocess message: a POST to `/<process>/<type>` that says by `Libprocess-From` or
 * by its user agent that it is one. Undefined for everything else: that is for the HTTP API.
 */
export function messageAddress(
  method: string,
  path: string,
  header: (name: string) => string | undefined,
): MessageAddress | undefined {
  if (method !== 'POST') return undefined;
  const userAgent = header('user-agent');
  const sender =
    header('libprocess-from') ??
    (userAgent?.startsWith(agentPrefix) ? userAgent.slice(agentPrefix.length) : undefined);
  if (sender === undefined) return undefined;
  const slash = path.indexOf('/', 1);
  if (!path.startsWith('/') || slash === -1) return undefined;
  const query = path.indexOf('?', slash);
  const type = path.slice(slash + 1, query === -1 ? undefined : query);
  return { to: decoded(path.slice(1, slash)), type: decoded(type), from: parseUpid(sender) };
}
