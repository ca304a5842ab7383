import { MonitorError } from '../errors.ts';
import type { ControlRequest, ControlResult, ProbeLink } from './link.ts';
import type { Pipes } from './pipes.ts';

/** Connects those who ask for something with the probe that can do it. */
export interface Switchboard {
  /** Returns what takes the link away again; the newest link of a probe is the one used. */
  attach(link: ProbeLink): () => void;
  isConnected(probeId: string): boolean;
  /**
   * A pipe in the result is open for `owner` from here on.
   *
   * @throws MonitorError `unavailable` if the probe is not connected; what `ProbeLink.call` throws
   */
  call(probeId: string, request: ControlRequest, owner: string): Promise<ControlResult>;
}

export function createSwitchboard(pipes: Pipes): Switchboard {
  const links = new Map<string, ProbeLink>();
  return {
    attach(link) {
      links.set(link.probeId, link);
      return () => {
        if (links.get(link.probeId) === link) links.delete(link.probeId);
        pipes.lost(link);
      };
    },
    isConnected: (probeId) => links.has(probeId),
    async call(probeId, request, owner) {
      const link = links.get(probeId);
      if (link === undefined) {
        // Scope's own words, which its clients show.
        throw new MonitorError('unavailable', `probe ${probeId} is not connected right now`, {
          remedy: 'look whether the probe runs on that host and can reach this server',
        });
      }
      const result = await link.call(request);
      if (result.pipeId !== undefined) pipes.open(result.pipeId, link, owner);
      return result;
    },
  };
}
