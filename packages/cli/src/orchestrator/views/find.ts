import { CliError } from '../../program/errors.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

const mostShown = 5;

/**
 * The one that is meant: by its id, its name, the beginning or the end of its id.
 *
 * @param what `task`, for the message
 * @throws CliError `not-found`, `invalid` when several are meant
 */
export function findOne<Item extends Named>(items: readonly Item[], wanted: string, what: string): Item {
  const ways: readonly ((item: Item) => boolean)[] = [
    ({ id }) => id === wanted,
    ({ name }) => name === wanted,
    ({ id }) => id.startsWith(wanted) || id.endsWith(wanted),
  ];
  for (const isMeant of ways) {
    const found = items.filter(isMeant);
    const [first, ...others] = found;
    if (first === undefined) continue;
    if (others.length === 0) return first;
    const ids = found.slice(0, mostShown).map(({ id }) => id);
    const more = found.length > mostShown ? ` and ${found.length - mostShown} more` : '';
    throw new CliError('invalid', `"${wanted}" is ${found.length} ${what}s: ${ids.join(', ')}${more}`, {
      remedy: 'give the whole id',
    });
  }
  throw new CliError('not-found', `there is no ${what} "${wanted}"`, {
    remedy: `orchestrator ${what}s lists what there is`,
  });
}
