/** An alert as the world outside is told of it. */
import type { Alert } from '../coordinator/alerts.ts';

export interface Notice {
  /** Of the migration. */
  readonly id: string;
  readonly name: string;
  readonly timeMs: number;
  readonly alert: Alert;
}

/** One line. */
export function headline({ name, alert }: Notice): string {
  const state = alert.state === 'cleared' ? 'cleared' : alert.severity;
  return `[${state}] zk-migrate ${name}: ${alert.message}`;
}

/** For people: the headline, what to do, and where to look. */
export function noticeText(notice: Notice): string {
  const { remedy } = notice.alert;
  const more = `zk-migrate status --migration-id=${notice.id}`;
  return [headline(notice), ...(remedy === null ? [] : [`Remedy: ${remedy}`]), `More: ${more}`].join('\n');
}

/** For programs: what `alerts.webhook` is sent and `alerts.command` reads. */
export function noticeJson({ id, name, timeMs, alert }: Notice): string {
  const { kind, severity, state, message, remedy } = alert;
  return JSON.stringify({
    version: 1,
    migration: id,
    name,
    time: new Date(timeMs).toISOString(),
    ...{ kind, severity, state, message, remedy },
  });
}
