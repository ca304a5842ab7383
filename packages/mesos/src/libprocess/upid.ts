/** The address of a libprocess process: `slave(1)@10.0.0.7:5051`. */
export interface Upid {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** `10.0.0.7:5051`: what a socket is opened to. */
export const addressOf = ({ host, port }: Pick<Upid, 'host' | 'port'>) => `${host}:${port}`;

export const formatUpid = (upid: Upid) => `${upid.id}@${addressOf(upid)}`;

/** Undefined for a text that is no UPID. */
export function parseUpid(text: string): Upid | undefined {
  const at = text.lastIndexOf('@');
  const colon = text.lastIndexOf(':');
  if (at === -1 || colon < at) return undefined;
  const digits = text.slice(colon + 1);
  const host = text.slice(at + 1, colon);
  if (host === '' || !/^\d{1,5}$/.test(digits) || Number(digits) > 65_535) return undefined;
  return { id: text.slice(0, at), host, port: Number(digits) };
}

export const equalUpids = (left: Upid, right: Upid) =>
  left.id === right.id && left.port === right.port && left.host === right.host;
