import type { CheckResult } from '@orchestrator/migration';
import { plural } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';

const marks = { ok: ['good', '✔'], warn: ['warn', '!'], fail: ['bad', '✘'] } as const;

/** One line a check; what is not good has its remedy below it. */
export function renderChecks(results: readonly CheckResult[], style: Style): string {
  return results
    .flatMap(({ check, status, found, remedy }) => {
      const [tone, mark] = marks[status];
      const line = `${style[tone](mark)} ${style.bold(check)}  ${found}`;
      return status === 'ok' || remedy === null ? [line] : [line, `    ${style.dim('→')} ${remedy}`];
    })
    .join('\n');
}

/** `12 checks: 11 good, 1 warning, 0 failed` */
export function summariseChecks(results: readonly CheckResult[]): string {
  const count = (status: CheckResult['status']) =>
    results.filter((result) => result.status === status).length;
  return `${plural(results.length, 'check')}: ${count('ok')} good, ${plural(count('warn'), 'warning')}, ${count('fail')} failed`;
}
