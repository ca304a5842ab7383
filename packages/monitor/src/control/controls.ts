/** From "stop this container" to the probe that can, with the right checked and everything recorded. */
import type { Principal, Role } from '@orchestrator/runtime';
import type { Collector } from '../collect/collector.ts';
import { MonitorError } from '../errors.ts';
import type { Audit } from '../keep/audit.ts';
import { controllerOf } from '../view/detail.ts';
import type { ControlResult } from './link.ts';
import { createRights } from './rights.ts';
import type { Switchboard } from './switchboard.ts';

export interface NodeControl {
  readonly nodeId: string;
  readonly control: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** Undefined: whichever probe knows the node. */
  readonly probeId?: string;
}

export type ControlOutcome =
  | { readonly nodeId: string; readonly ok: true; readonly result: ControlResult }
  | { readonly nodeId: string; readonly ok: false; readonly code: string; readonly message: string };

export interface Controls {
  /** @throws MonitorError `forbidden`, `not-found`, `unavailable`, `precondition`, `outcome-unknown`; what the probe says */
  run(principal: Principal, request: NodeControl): Promise<ControlResult>;
  /** On many nodes, a few at once; one that fails does not hold up the others. */
  runAll(principal: Principal, requests: readonly NodeControl[]): Promise<ControlOutcome[]>;
}

export interface ControlRules {
  /** Roles by control; others need `operator`. */
  readonly roles: Readonly<Record<string, Role>>;
  /** Whether a shell on a host may be had at all. */
  readonly hostShell: boolean;
}

const atOnce = 16;
const hostShells: ReadonlySet<string> = new Set(['host_exec']);

export function createControls(options: {
  readonly collector: Collector;
  readonly switchboard: Switchboard;
  readonly audit: Audit;
  readonly rules: ControlRules;
}): Controls {
  const { collector, switchboard, audit, rules } = options;
  const requireRight = createRights(rules.roles);

  const checkRight = (principal: Principal, control: string) => {
    if (hostShells.has(control) && !rules.hostShell) {
      throw new MonitorError('forbidden', 'shells on hosts are turned off', {
        remedy: 'an administrator can allow them with controls.hostShell',
      });
    }
    requireRight(principal, control, hostShells.has(control) ? 'admin' : 'operator');
  };

  /** The probe that knows the node, which may be in any topology. */
  const probeOf = (nodeId: string): string => {
    for (const [topology, { nodes }] of collector.report().topologies) {
      const node = nodes.get(nodeId);
      const probe = node === undefined ? undefined : controllerOf(topology, nodeId, node, collector.ownersOf);
      if (probe !== undefined) return probe;
    }
    throw new MonitorError('not-found', `there is no node "${nodeId}"`, {
      remedy: 'it may be gone; reload the view',
    });
  };

  const run: Controls['run'] = (principal, { nodeId, control, arguments: given, probeId }) =>
    audit.record(principal, control, nodeId, given, () => {
      checkRight(principal, control);
      const probe = probeId ?? probeOf(nodeId);
      return switchboard.call(probe, { nodeId, control, arguments: given }, principal.name);
    });

  const runOne = async (principal: Principal, request: NodeControl): Promise<ControlOutcome> => {
    const { nodeId } = request;
    try {
      return { nodeId, ok: true, result: await run(principal, request) };
    } catch (error) {
      if (!(error instanceof MonitorError)) throw error;
      return { nodeId, ok: false, code: error.code, message: error.message };
    }
  };

  return {
    run,
    async runAll(principal, requests) {
      const outcomes: ControlOutcome[] = [];
      let next = 0;
      const worker = async () => {
        for (let index = next++; index < requests.length; index = next++) {
          const request = requests[index];
          if (request !== undefined) outcomes[index] = await runOne(principal, request);
        }
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, requests.length) }, worker));
      return outcomes;
    },
  };
}
