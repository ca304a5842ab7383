import { HttpRefusal } from './negotiate.ts';

export interface RequestTarget {
  /** Decoded; slashes that follow one another are one, as libprocess takes them. */
  readonly path: string;
  /** With its question mark; empty without a query. */
  readonly search: string;
}

/** What a request asks for. Throws `HttpRefusal` (400) for what is no path. */
export function requestTarget(target: string): RequestTarget {
  try {
    // Of a path alone `new URL` would take what follows two slashes for a host.
    const { pathname, search } = new URL(target.startsWith('/') ? `http://host${target}` : target);
    return { path: decodeURIComponent(pathname).replace(/\/{2,}/g, '/'), search };
  } catch {
    throw new HttpRefusal(400, 'Failed to decode URL path');
  }
}
