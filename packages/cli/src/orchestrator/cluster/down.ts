/** `cluster down`: through its supervisor, or without it. */
import type { Clock } from '@orchestrator/runtime';
import { CliError } from '../../program/errors.ts';
import { isRunning } from './process-identity.ts';
import { type ClusterRecord, readClusterRecord } from './record.ts';
import { destroyContainersOf, endParts, endSupervisor, removeState } from './sweep.ts';

export interface Ended {
  /** Its supervisor ended it, and not this command. */
  readonly supervised: boolean;
  readonly parts: readonly string[];
}

export interface TakeDownOptions {
  readonly folder: string;
  readonly keep: boolean;
  readonly clock: Clock;
}

/** @throws CliError `not-found` */
export async function takeDown({ folder, keep, clock }: TakeDownOptions): Promise<Ended> {
  const record = await readClusterRecord(folder);
  if (record === undefined) {
    throw new CliError('not-found', `no cluster runs in ${folder}`, {
      remedy: '--work-dir or ORCHESTRATOR_WORK_DIR names another folder',
    });
  }
  const supervised = await isRunning(record.supervisor);
  if (supervised) await endSupervisor(record.supervisor, clock);
  // It was killed, now or before: the record says what it has left.
  const left: ClusterRecord | undefined = await readClusterRecord(folder);
  if (left !== undefined) {
    await endParts(left.parts, clock);
    await destroyContainersOf(folder, left.parts);
    await removeState(folder, left.parts, { keep });
  }
  return { supervised, parts: record.parts.map(({ name }) => name) };
}
