/**
 * Why a framework got no offers, and why a task does not start: `GET /explain?framework_id=…`, and
 * `GET /explain?role=…&resources=cpus:4;mem:1024`. No master of Mesos had it.
 */
import { type Exchange, HttpRefusal, MesosError, Resources, roleError, sendJson } from '@orchestrator/mesos';
import type { Quantities } from '../allocator/subscription.ts';
import type { ReadPlace } from './operator-reads.ts';

function quantitiesOf(text: string): Quantities {
  try {
    const amounts = new Map(Resources.parse(text).scalars());
    for (const { kind, ranges, items } of Resources.parse(text)) {
      let count = items.length;
      for (let index = 0; index + 1 < ranges.length; index += 2) {
        count += (ranges[index + 1] ?? 0) - (ranges[index] ?? 0) + 1;
      }
      if (count > 0) amounts.set(kind.name, 1000 * count);
    }
    return [...amounts];
  } catch (error) {
    if (error instanceof MesosError) throw new HttpRefusal(400, `resources: ${error.message}`);
    throw error;
  }
}

/** @throws HttpRefusal */
export function sendExplanation(exchange: Exchange, { master, viewer }: ReadPlace): void {
  const { query } = exchange;
  // It names agents and frameworks in whose favour it was decided.
  if (!viewer.seesAll) throw new HttpRefusal(403, 'Explanations are for those who may see everything');
  const frameworkId = query.get('framework_id');
  if (frameworkId !== null) {
    const explanation = master.allocator.explainFramework(frameworkId, master.steadyMs());
    if (explanation === undefined)
      throw new HttpRefusal(404, `No framework ${frameworkId} takes part in allocation`);
    sendJson(exchange, JSON.stringify(explanation));
    return;
  }
  const resources = query.get('resources');
  if (resources === null) {
    throw new HttpRefusal(400, "Give 'framework_id', or 'resources' of a task and its 'role'");
  }
  const role = query.get('role') ?? '*';
  const error = roleError(role);
  if (error !== undefined) throw new HttpRefusal(400, error);
  sendJson(
    exchange,
    JSON.stringify(master.allocator.explainTask({ role, resources: quantitiesOf(resources) })),
  );
}
