import type { Exchange } from '@orchestrator/mesos';
import type { Logger } from '@orchestrator/runtime';

export interface AuditEntry {
  /** What was asked for: the type of a call, or the method and path of an endpoint. */
  readonly action: string;
  readonly principal: string | undefined;
  readonly remoteAddress: string | undefined;
  /** What it is about: the body as it came, secrets excepted. */
  readonly subject: unknown;
  readonly status: number;
  readonly reason?: string | undefined;
}

export type Audit = (entry: AuditEntry) => void;

/** Every mutating request is a line of the log, with its outcome. */
export function createAudit(logger: Logger): Audit {
  const audit = logger.child({ component: 'audit' });
  return (entry) => audit.info(entry.action, { ...entry });
}

/** Who asked, and from where. */
export const requestFacts = ({ request, principal }: Exchange) => ({
  principal,
  remoteAddress: request.socket.remoteAddress,
});
