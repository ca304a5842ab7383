/**
 * One run as the leader: the core in the middle, the two streams and the answers going in, its actions carried out. Ends
 * when it is stopped, deposed, or something fails that the core has no answer to; the next run begins from the cursors.
 */
import { sleep } from '@orchestrator/runtime';
import { type Core, createCore } from '../core/core.ts';
import type { CoreOptions } from '../core/options.ts';
import type { Action, Event, Side } from '../core/types.ts';
import { cursorGone, SyncError } from '../errors.ts';
import type { StreamSink } from '../follower.ts';
import { type ActionContext, createPerformers, type Performers } from './actions.ts';
import type { RunEnd } from './run-end.ts';

/** The core's clock: cursors of idle directions follow at this pace. */
const tickMs = 500;
const sidesOf = ['source', 'target'] as const;

export class LeaderRun {
  readonly core: Core;
  /** Resolves however the run ends. */
  readonly ended: Promise<RunEnd>;
  readonly #context: ActionContext;
  readonly #performers: Performers;
  readonly #stop = new AbortController();
  #events: Event[] = [];
  #isHandling = false;
  #resolveEnd: (end: RunEnd) => void = () => undefined;

  constructor(core: CoreOptions, context: ActionContext) {
    this.core = createCore(core);
    this.#context = context;
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
    this.#performers = createPerformers(context, {
      signal: this.#stop.signal,
      post: (event) => this.post(event),
      end: (end) => this.end(end),
    });
  }

  start(): void {
    for (const side of sidesOf) this.#context.sides[side].follower.handTo(this.#sink(side));
    this.post({ kind: 'start' });
    void this.#tick();
  }

  /** Nothing is sent any more; what is on its way may still land, which the cursors will tell. */
  end(end: RunEnd): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new SyncError('Stopped', 'the run has ended'));
    this.#events = [];
    for (const side of sidesOf) {
      this.#context.sides[side].follower.handTo(undefined);
      this.#context.sides[side].follower.release('pressure');
    }
    this.#resolveEnd(end);
  }

  /** Events that actions bring about at once are taken after the one being handled. */
  post(event: Event): void {
    if (this.#stop.signal.aborted) return;
    this.#events.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        for (const action of this.core.handle(next)) this.#perform(action);
      }
    } catch (error) {
      this.end({ kind: 'failed', error });
    } finally {
      this.#isHandling = false;
    }
  }

  #perform(action: Action): void {
    const perform = this.#performers[action.kind] as (action: Action) => void | Promise<void>;
    const answer = perform(action);
    answer?.catch((error) => this.end({ kind: 'failed', error }));
  }

  #sink(side: Side): StreamSink {
    const { znodes } = this.#context;
    return (event) => {
      if (event.kind !== 'mirror') this.post({ ...event, side });
      else if (event.tree.has(znodes.cursor)) this.post({ kind: 'snapshot', side, mirror: event.tree });
      // Another ensemble, or an emptied one: what it lacks was not deleted by its clients.
      else this.end({ kind: 'failed', error: cursorGone(side, znodes.folder) });
    };
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.post({ kind: 'tick' });
      await sleep(this.#context.clock, tickMs, signal).catch(() => undefined); // aborted: the loop ends
    }
  }
}
