/** Shows a migration while it goes on: redrawn in place on a terminal, line by line elsewhere, objects for scripts. */

import type { CommandContext } from '../../program/context.ts';
import { createLiveArea } from '../../terminal/live-area.ts';
import { createPaceMeter, type Pace, renderProgress } from '../../terminal/progress.ts';
import type { Style } from '../../terminal/style.ts';
import type { MigrationView, Progress } from '../api.ts';
import type { Connection } from '../connection.ts';
import { renderStatusWord } from '../render/phases.ts';
import { summariseDirection } from '../render/sync.ts';
import { describeChange } from './changes.ts';
import { followMigration } from './feed.ts';

export interface ShowOptions {
  readonly context: CommandContext;
  readonly connection: Connection;
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
/** Progress that has not moved for this long is of work that has ended. */
const staleProgressMs = 5_000;
/** Away from a terminal a progress line is enough now and then. */
const plainProgressMs = 2_000;
const plainSyncMs = 30_000;

/** @returns the last view; `undefined` when the signal aborted before the first */
export async function showMigration(options: ShowOptions): Promise<MigrationView | undefined> {
  const { context, connection, id, signal, until } = options;
  const { clock } = context;
  const screen = openScreen(options);
  let before: MigrationView | undefined;
  const onTrouble = (reason: string | null) =>
    screen.say(
      reason === null ? 'the server answers again' : `the server does not answer (${reason}); trying again`,
    );
  try {
    for await (const view of followMigration({ connection, id, clock, signal, onTrouble })) {
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

/** Progress that moves, with its pace; `undefined` when there is none or it has come to rest. */
function createProgressWatch(): (
  progress: Progress | null,
  nowMs: number,
) => { advance: Progress; pace: Pace } | undefined {
  const meter = createPaceMeter();
  let last = '';
  let movedMs = 0;
  return (progress, nowMs) => {
    if (progress === null) return undefined;
    const position = `${progress.stage} ${progress.done}`;
    if (position !== last) movedMs = nowMs;
    last = position;
    const pace = meter.observe(progress, nowMs);
    return nowMs - movedMs > staleProgressMs ? undefined : { advance: progress, pace };
  };
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
  const watchProgress = createProgressWatch();
  return {
    show(before, view) {
      for (const line of describeChange(before, view, style)) area.print(line);
      const moving = watchProgress(view.live?.progress ?? null, clock.monotonicMs());
      const progress = moving === undefined ? [] : [`  ${renderProgress({ ...moving, style, barWidth })}`];
      area.draw(['', headline(view, style), ...progress, ...syncLine(view, style)]);
    },
    say: (line) => area.print(style.warn(line)),
    end: () => area.end(),
  };
}

function headline({ id, name, phase, status, step }: MigrationView, style: Style): string {
  const doing = step === null ? '' : `  ${step}`;
  return `${style.bold(name)} ${style.dim(id)}  phase ${phase}  ${renderStatusWord(status, style)}${doing}`;
}

function syncLine({ live }: MigrationView, style: Style): string[] {
  const directions = live?.sync?.directions ?? [];
  return directions.length === 0 ? [] : [`  ${style.dim(directions.map(summariseDirection).join('   '))}`];
}

function openPlainScreen({ terminal, clock }: CommandContext): Screen {
  const { style } = terminal;
  const watchProgress = createProgressWatch();
  let progressDueMs = 0;
  let syncDueMs = 0;
  return {
    show(before, view) {
      for (const line of describeChange(before, view, style)) terminal.out(line);
      const nowMs = clock.monotonicMs();
      const moving = watchProgress(view.live?.progress ?? null, nowMs);
      if (moving !== undefined && nowMs >= progressDueMs) {
        terminal.out(`  ${renderProgress({ ...moving, style, barWidth: 0 })}`);
        progressDueMs = nowMs + plainProgressMs;
      }
      const sync = syncLine(view, style);
      if (sync.length > 0 && nowMs >= syncDueMs) {
        for (const line of sync) terminal.out(line);
        syncDueMs = nowMs + plainSyncMs;
      }
    },
    say: (line) => terminal.say(style.warn(line)),
    end: () => undefined,
  };
}
