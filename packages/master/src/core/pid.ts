import { MasterError } from '../errors.ts';

export interface Pid {
  /** The process: `slave(1)`. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** `id@host:port`. @throws MasterError `invalid` */
export function parsePid(pid: string): Pid {
  const at = pid.indexOf('@');
  const colon = pid.lastIndexOf(':');
  const port = Number(pid.slice(colon + 1));
  if (at === -1 || colon < at || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new MasterError('invalid', `"${pid.slice(0, 200)}" is no address of a process (id@host:port)`);
  }
  return { id: pid.slice(0, at), host: pid.slice(at + 1, colon), port };
}
