/** All migrations of all coordinators. One that cannot be reached is said so, and the others are shown. */
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';
import type { CoordinatorStatus } from '../schema/index.ts';
import { type Coordinator, type CoordinatorPlace, createCoordinator, type Question } from './coordinator.ts';
import { createMigrationEvents, type MigrationEvents } from './events.ts';

export interface Migrations {
  /** What each has under `path`, in its list `migrations`, with the coordinator's name in each. */
  all(path: string): Promise<{ coordinators: CoordinatorStatus[]; migrations: object[] }>;
  /** @throws MonitorError `not-found` for the coordinator; see `Coordinator.ask` */
  ask(coordinator: string, question: Question): Promise<unknown>;
  readonly events: MigrationEvents;
  close(): Promise<void>;
}

const listTimeoutMs = 5_000;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

async function listOf(coordinator: Coordinator, path: string, logger: Logger): Promise<object[]> {
  try {
    const answer = await coordinator.ask({ method: 'GET', path, timeoutMs: listTimeoutMs });
    const migrations: unknown = isObject(answer) ? Reflect.get(answer, 'migrations') : undefined;
    const found = Array.isArray(migrations) ? migrations.filter(isObject) : [];
    return found.map((each) => ({ coordinator: coordinator.name, ...each }));
  } catch (error) {
    logger.debug('a coordinator was not asked', { coordinator: coordinator.name, error });
    return [];
  }
}

export function createMigrations(options: {
  readonly places: readonly CoordinatorPlace[];
  readonly clock: Clock;
  readonly logger: Logger;
}): Migrations {
  const { places, logger } = options;
  const coordinators = places.map(createCoordinator);
  const events = createMigrationEvents({ ...options, coordinators });
  return {
    events,
    async all(path) {
      const lists = await Promise.all(coordinators.map((each) => listOf(each, path, logger)));
      return { coordinators: coordinators.map(({ status }) => status), migrations: lists.flat() };
    },
    async ask(name, question) {
      const coordinator = coordinators.find((each) => each.name === name);
      if (coordinator !== undefined) return coordinator.ask(question);
      throw new MonitorError('not-found', `there is no coordinator "${name}"`, {
        remedy: `configured are ${coordinators.map((each) => each.name).join(', ') || 'none'}`,
      });
    },
    async close() {
      events.close();
      await Promise.all(coordinators.map((each) => each.close()));
    },
  };
}
