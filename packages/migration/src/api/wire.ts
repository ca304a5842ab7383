/** From our records to the JSON of the REST API: snake_case names, 64-bit numbers as decimal strings, bytes as base64. */
import { maskedValue } from '@orchestrator/runtime';
import { plainJson } from '../journal/json.ts';
import type { MigrationRecord } from '../journal/record.ts';

/** What is in these is named by others, or is hashed as it stands, and goes out unchanged. */
const unchanged = new Set(['config', 'entries', 'entry', 'details']);

const toSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function rename(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rename);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      toSnake(key),
      unchanged.has(key) ? member : rename(member),
    ]),
  );
}

export const toWire = (value: unknown): unknown => rename(plainJson(value));

/** A migration as clients see it: the configuration without what is secret in it. */
export function migrationView(record: MigrationRecord): unknown {
  const { id, name, createdMs, createdBy, config, plan, state } = record;
  const { current } = state;
  const { slack_webhook: slack, webhook, ...alerts } = config.alerts;
  const shown = {
    ...config,
    alerts: {
      ...alerts,
      ...(slack === undefined ? {} : { slack_webhook: maskedValue }),
      ...(webhook === undefined ? {} : { webhook: { ...webhook, url: maskedValue } }),
    },
  };
  return toWire({
    id,
    name,
    status: state.status,
    phase: state.phase,
    phaseName: plan.phases.find((phase) => phase.number === state.phase)?.name ?? null,
    step: current?.step ?? null,
    stepMode: current?.mode ?? null,
    attempt: current?.attempt ?? null,
    nextPhase: plan.phases.find((phase) => phase.number > state.phase)?.number ?? null,
    goalPhase: state.goalPhase,
    failure: state.failure,
    createdMs,
    createdBy,
    startedMs: state.startedMs,
    completedMs: state.completedMs,
    phases: plan.phases.map((phase) => ({
      number: phase.number,
      name: phase.name,
      steps: phase.steps.map((step) => ({
        name: step.name,
        done: state.done.some((ref) => ref.phase === phase.number && ref.step === step.name),
      })),
    })),
    timings: state.timings,
    config: shown,
  });
}
