/** `npm run simulate -- --help` says what this does. */
import { parseArgs } from 'node:util';
import { firstCopy, namesGiven, playSeed, type Verdict } from './scenario.ts';
import type { Scenario } from './world.ts';

const usage = `usage: npm run simulate -- [--seeds N] [--from N] [--keep-going] [--poll SIDE] [--copy] [--names]
       npm run simulate -- --seed N [--trace] [--poll SIDE] [--copy] [--names]

Plays made-up worlds: two ensembles, clients on both sides that get into each other's way, one or two engines
around the real core of packages/sync, and at any moment a crash, a lost or late reply, a freeze, an expiry,
a leader change, a cut link. Then everything heals, and the two trees and both logs are held against the
invariants of simulation/invariants.ts. A seed decides all of it: the same seed is the same world.

  --seeds N      how many worlds to play (default 1000)
  --from N       the first seed (default 1)
  --keep-going   on to the last seed, whatever fails before; default: stop at the first that fails
  --seed N       play this one
  --trace        say what happens in it, a line a step: milliseconds, who, what. Transactions of the ensembles
                 are "source: 0x<zxid> s<session> <ops>"; "<-" is an event for the core, "->" what it wants done
  --poll SIDE    "source", "target" or "both" are captured without history, as over the client port alone
  --copy         the first copy into a target that runs, and whose clients write
  --names        the same from a source that has given out hundreds of sequential names, of which few are left

Examples
  npm run simulate -- --seeds 100000 --from 5000000 --keep-going
  npm run simulate -- --seed 50073 --trace | grep -E 'fault|/a( |$)'

Exit code: 0 when nothing failed, 1 when a seed failed, 2 when the command line made no sense.
simulation/README.md says what is modelled and what is not.`;

const progressEveryMs = 2_000;

class UsageError extends Error {}

interface Options {
  readonly from: number;
  readonly count: number;
  readonly keepGoing: boolean;
  readonly trace: boolean;
  readonly change: Change;
}

/** What is asked for in place of what the seed says. */
interface Change {
  readonly poll: Poll | undefined;
  readonly copy: boolean;
  readonly names: boolean;
}

const polls = ['source', 'target', 'both'] as const;
type Poll = (typeof polls)[number];

/** `undefined`: only the help was asked for. */
function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help === true) return undefined;
  const { seed, trace = false, copy = false, names = false, 'keep-going': keepGoing = false } = values;
  const poll = polls.find((each) => each === values.poll);
  if (values.poll !== poll) throw new UsageError(`--poll takes ${polls.join(', ')}, not "${values.poll}"`);
  const change = { poll, copy, names };
  if (trace && seed === undefined) throw new UsageError('--trace shows one seed: add --seed N');
  if (seed === undefined) {
    return {
      from: whole('from', values.from),
      count: whole('seeds', values.seeds),
      keepGoing,
      trace,
      change,
    };
  }
  if (keepGoing) throw new UsageError('--seed N plays one seed: it has no use for --keep-going');
  return { from: whole('seed', seed), count: 1, keepGoing, trace, change };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '1000' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string' },
        trace: { type: 'boolean' },
        poll: { type: 'string' },
        copy: { type: 'boolean' },
        names: { type: 'boolean' },
        'keep-going': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function whole(name: string, text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} takes a whole number, not "${text}"`);
}

function report(seed: number, { poll, copy, names }: Change, { problems, scenario }: Verdict): void {
  console.log(`seed ${seed} failed (${scenario.strategy}, ${scenario.engines} engines):`);
  for (const problem of problems.slice(0, 12)) console.log(`  ${problem}`);
  if (problems.length > 12) console.log(`  … and ${problems.length - 12} more`);
  const asked = `${poll === undefined ? '' : ` --poll ${poll}`}${copy ? ' --copy' : ''}${names ? ' --names' : ''}`;
  console.log(`replay: npm run simulate -- --seed ${seed} --trace${asked}`);
}

function scenarioFor({ poll, copy, names }: Change): Partial<Scenario> {
  return {
    ...(poll === undefined ? {} : { history: { source: poll === 'target', target: poll === 'source' } }),
    ...(copy || names ? firstCopy : {}),
    ...(names ? namesGiven : {}),
  };
}

/** Returns how many failed. */
function playAll({ from, count, keepGoing, trace, change }: Options): number {
  const startedMs = performance.now();
  let shownMs = startedMs;
  let failed = 0;
  let played = 0;
  while (played < count && (failed === 0 || keepGoing)) {
    const seed = from + played++;
    const verdict = playSeed(seed, trace ? (line) => console.log(line()) : undefined, scenarioFor(change));
    if (verdict.problems.length > 0) {
      failed++;
      report(seed, change, verdict);
    }
    if (performance.now() - shownMs > progressEveryMs) {
      shownMs = performance.now();
      const perS = (played * 1000) / (shownMs - startedMs);
      const leftS = Math.ceil((count - played) / perS);
      console.error(`${played} of ${count}, ${failed} failed, ${perS.toFixed(0)} seeds/s, ${leftS} s left`);
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`${played} seeds from ${from}: ${failed} failed, ${(played / seconds).toFixed(0)} seeds/s`);
  return failed;
}

function main(): number {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === undefined) {
      console.log(usage);
      return 0;
    }
    return playAll(options) > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`simulate: ${error.message}\n--help says what there is`);
    return 2;
  }
}

process.exitCode = main();
