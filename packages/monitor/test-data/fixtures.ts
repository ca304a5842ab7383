/** What Scope answered, and reports to make answers of. */
import { readFileSync } from 'node:fs';
import { fromScopeReport, type Report } from '@orchestrator/report';

export function scopeCapture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`scope/${name}.json`, import.meta.url), 'utf8'));
}

export const scopeReport = (): Report => fromScopeReport(scopeCapture('report'), 0);

export const captureNodes = (name: string): Record<string, Record<string, unknown>> =>
  (scopeCapture(name) as { nodes: Record<string, Record<string, unknown>> }).nodes;
