import type { FlagReader } from '@orchestrator/mesos';
import { AgentError } from './errors.ts';

/** Empty when it is not given. Its content is in no error: it may be secret. @throws AgentError `Config` */
export function parseObject(read: FlagReader, flag: string, like: string): Readonly<Record<string, unknown>> {
  const given = read.contents(flag);
  if (given === undefined) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(given.text);
  } catch {
    throw new AgentError('Config', `--${flag} is not ${like}: it is no JSON`);
  }
  if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  throw new AgentError('Config', `--${flag} is not ${like}`);
}
