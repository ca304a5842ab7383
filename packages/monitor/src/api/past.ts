/** Views of the past: `timestamp` in a request, as Scope's clients send it. */
import type { Report } from '@orchestrator/report';
import type { Collector } from '../collect/collector.ts';
import { MonitorError } from '../errors.ts';
import type { PictureHistory } from '../keep/picture-history.ts';
import { createRenderer, type Renderer } from '../view/renderer.ts';

export interface Moment {
  readonly report: Report;
  /** The past has one of its own, so that looking back does not make the present be rendered anew. */
  readonly renderer: Renderer;
}

export type MomentAt = (timestamp: string | undefined) => Promise<Moment>;

export function momentsOf(options: {
  readonly collector: Collector;
  readonly renderer: Renderer;
  readonly pictures: PictureHistory;
}): MomentAt {
  const { collector, renderer, pictures } = options;
  const pastRenderer = createRenderer();
  return async (timestamp) => {
    if (timestamp === undefined || timestamp === '') return { report: collector.report(), renderer };
    const timeMs = Date.parse(timestamp);
    if (Number.isNaN(timeMs)) {
      throw new MonitorError('invalid', `"${timestamp}" is no time`, {
        remedy: 'write it like 2026-01-31T12:00:00Z',
      });
    }
    const report = await pictures.at(timeMs);
    if (report !== undefined) return { report, renderer: pastRenderer };
    throw new MonitorError('not-found', `nothing is kept of ${timestamp} or before`);
  };
}
