/** Shows a migration while it goes on: redrawn in place on a terminal, line by line elsewhere, objects for scripts. */
import type { MigrationApi, MigrationView, Progress } from '../api.ts';
import type { CommandContext } from '../context.ts';
import { renderStatusWord } from '../render/phases.ts';
import { summariseDirection } from '../render/sync.ts';
import { createLiveArea } from '../terminal/live-area.ts';
import { createPaceMeter, type Pace, renderProgress } from '../terminal/progress.ts';
import type { Style } from '../terminal/style.ts';
import { describeChange } from './changes.ts';
import { followMigration } from './feed.ts';

export interface ShowOptions {
  readonly context: CommandContext;
  readonly api: MigrationApi;
  readonly id: string;
  /** One JSON object a change instead of words. */
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** The view after which nothing more is shown. */
  until(view: MigrationView): boolean;
}

interface Screen {
  show(before: MigrationView | undefined, view: MigrationView): void;
  say(line: string): void;
  end(): void;
}

const barWidth = 28;
/** Away from a terminal a progress line is enough now and then. */
const plainProgressMs = 2_000;
const plainSyncMs = 30_000;

/** @returns the last view; `undefined` when the signal aborted before the first */
export async function showMigration(options: ShowOptions): Promise<MigrationView | undefined> {
  const { context, api, id, signal, until } = options;
  const screen = openScreen(options);
  let before: MigrationView | undefined;
  const onTrouble = (reason: string | null) =>
    screen.say(
      reason === null ? 'the server answers again' : `the server does not answer (${reason}); trying again`,
    );
  try {
    for await (const view of followMigration({ api, id, clock: context.clock, signal, onTrouble })) {
      screen.show(before, view);
      before = view;
      if (until(view)) break;
    }
    return before;
  } finally {
    screen.end();
  }
}

function openScreen({ context, json }: ShowOptions): Screen {
  if (json) return openJsonScreen(context);
  return context.terminal.interactive ? openLiveScreen(context) : openPlainScreen(context);
}

function openJsonScreen({ terminal }: CommandContext): Screen {
  let last = '';
  return {
    show(_, view) {
      const text = JSON.stringify(view);
      if (text !== last) terminal.out(text);
      last = text;
    },
    say: terminal.say,
    end: () => undefined,
  };
}

function openLiveScreen({ terminal, clock }: CommandContext): Screen {
  const { style } = terminal;
  const area = createLiveArea({ write: terminal.writeRaw, columns: terminal.columns });
  const meter = createPaceMeter();
  return {
    show(before, view) {
      for (const line of describeChange(before, view, style)) area.print(line);
      const progress = view.live?.progress ?? null;
      const pace = progress === null ? undefined : meter.observe(progress, clock.monotonicMs());
      area.draw(liveLines(view, progress, pace, style));
    },
    say: (line) => area.print(style.warn(line)),
    end: () => area.end(),
  };
}

function liveLines(
  view: MigrationView,
  progress: Progress | null,
  pace: Pace | undefined,
  style: Style,
): string[] {
  const { live } = view;
  const step = view.step === null ? '' : `  ${view.step}`;
  const head = `${style.bold(view.name)} ${style.dim(view.id)}  phase ${view.phase}  ${renderStatusWord(view.status, style)}${step}`;
  const working =
    progress === null || pace === undefined
      ? []
      : [`  ${renderProgress({ advance: progress, pace, style, barWidth })}`];
  const directions = live?.sync?.directions ?? [];
  const sync =
    directions.length === 0 ? [] : [`  ${style.dim(directions.map(summariseDirection).join('   '))}`];
  return ['', head, ...working, ...sync];
}

function openPlainScreen({ terminal, clock }: CommandContext): Screen {
  const { style } = terminal;
  const meter = createPaceMeter();
  let progressDueMs = 0;
  let syncDueMs = 0;
  return {
    show(before, view) {
      for (const line of describeChange(before, view, style)) terminal.out(line);
      const nowMs = clock.monotonicMs();
      const progress = view.live?.progress ?? null;
      if (progress !== null) {
        const pace = meter.observe(progress, nowMs);
        const complete = progress.total !== null && progress.done >= progress.total;
        if (nowMs >= progressDueMs && !complete) {
          terminal.out(`  ${renderProgress({ advance: progress, pace, style, barWidth: 0 })}`);
          progressDueMs = nowMs + plainProgressMs;
        }
      }
      const directions = view.live?.sync?.directions ?? [];
      if (directions.length > 0 && nowMs >= syncDueMs) {
        terminal.out(`  ${directions.map(summariseDirection).join('   ')}`);
        syncDueMs = nowMs + plainSyncMs;
      }
    },
    say: (line) => terminal.say(style.warn(line)),
    end: () => undefined,
  };
}
