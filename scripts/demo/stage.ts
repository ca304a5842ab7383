/** What the audience sees: chapters, the commands with what they print, and a line of figures that is always current. */
import { createLiveArea, type LiveArea, type Terminal } from '@orchestrator/cli';
import { systemClock, type Timer } from '@orchestrator/runtime';

export interface Stage {
  chapter(title: string): void;
  say(text: string): void;
  /** A command as typed. */
  command(line: string): void;
  /** A line that a command printed. */
  output(line: string): void;
  /** The figures, asked for again and again until `end`. */
  follow(figures: () => string): void;
  /** No figures any more; what was said stays, and more may be said. */
  end(): void;
}

/** Redrawn this often on a terminal; away from one, a line is enough now and then. */
const redrawMs = 250;
const plainLineMs = 10_000;

export function openStage(terminal: Terminal): Stage {
  const startedMs = systemClock.monotonicMs();
  const { style, interactive } = terminal;
  const area: LiveArea | undefined = interactive
    ? createLiveArea({ write: terminal.writeRaw, columns: terminal.columns })
    : undefined;
  let timer: Timer | undefined;

  const stamp = () => {
    const seconds = Math.floor((systemClock.monotonicMs() - startedMs) / 1_000);
    return style.dim(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(5));
  };
  const print = (line: string) => (area === undefined ? terminal.out(line) : area.print(line));

  return {
    chapter: (title) => print(`\n${stamp()}  ${style.bold(title)}`),
    say: (text) => print(`${stamp()}  ${text}`),
    command: (line) => print(`${stamp()}  ${style.accent(`$ ${line}`)}`),
    output: (line) => print(`       ${style.dim('│')} ${line}`),
    follow(figures) {
      timer?.cancel();
      const draw = () => {
        if (area === undefined) print(`${stamp()}  ${figures()}`);
        else area.draw(['', `${stamp()}  ${figures()}`]);
        timer = systemClock.after(area === undefined ? plainLineMs : redrawMs, draw);
      };
      timer = systemClock.after(area === undefined ? plainLineMs : 0, draw);
    },
    end() {
      timer?.cancel();
      area?.end();
    },
  };
}
