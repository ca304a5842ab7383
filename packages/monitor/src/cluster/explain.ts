/** Why a framework gets no offers, or a task does not start: our masters say it; those of Mesos do not. */
import { fromThousandths, type Leader } from '@orchestrator/mesos';
import { request } from 'undici';
import { z } from 'zod';
import { MonitorError } from '../errors.ts';
import { type Explanation, explanation } from '../schema/index.ts';
import type { MesosAccess } from './follow.ts';

const timeoutMs = 15_000;
const amounts = z.array(z.tuple([z.string(), z.number()]));
const inThousandths = z.looseObject({
  requirements: z.array(
    z.looseObject({
      amounts: z.object({ wanted: z.number(), mostAvailable: z.number(), mostTotal: z.number() }).optional(),
    }),
  ),
  nearest: z.array(z.looseObject({ missing: amounts })),
});

/** The master counts in thousandths. */
function inUnits(answer: unknown): unknown {
  const { requirements, nearest, ...rest } = inThousandths.parse(answer);
  return {
    ...rest,
    requirements: requirements.map(({ amounts: found, ...requirement }) => ({
      ...requirement,
      ...(found === undefined
        ? {}
        : {
            amounts: {
              wanted: fromThousandths(found.wanted),
              mostAvailable: fromThousandths(found.mostAvailable),
              mostTotal: fromThousandths(found.mostTotal),
            },
          }),
    })),
    nearest: nearest.map(({ missing, ...near }) => ({
      ...near,
      missing: Object.fromEntries(missing.map(([name, amount]) => [name, fromThousandths(amount)])),
    })),
  };
}

export interface ExplainQuestion {
  readonly framework?: string | undefined;
  readonly role?: string | undefined;
  readonly resources?: string | undefined;
}

/** @throws MonitorError `invalid`, `not-found`; `precondition` for a master that cannot explain */
export async function explain(
  leader: Leader,
  { scheme, authorization }: MesosAccess,
  { framework, role, resources }: ExplainQuestion,
): Promise<Explanation> {
  if (framework === undefined && resources === undefined) {
    throw new MonitorError('invalid', 'nothing to explain', {
      remedy: 'give framework=ID, or role=NAME and resources=cpus:1;mem:128',
    });
  }
  const question: Record<string, string> =
    framework === undefined ? { role: role ?? '*', resources: resources ?? '' } : { framework_id: framework };
  const url = `${scheme}://${leader.host}:${leader.port}/explain?${new URLSearchParams(question)}`;
  const { statusCode, body } = await request(url, {
    ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
    ...(authorization === undefined ? {} : { headers: { authorization } }),
  });
  const text = await body.text();
  if (statusCode === 400) throw new MonitorError('invalid', text);
  if (statusCode === 404 && framework !== undefined && text.includes(framework))
    throw new MonitorError('not-found', text);
  if (statusCode !== 200) {
    throw new MonitorError('precondition', `this master cannot explain its decisions (${statusCode})`, {
      remedy: 'masters of Orchestrator can; look at agents and quota otherwise',
    });
  }
  const answer: unknown = JSON.parse(text);
  const told = framework === undefined ? inUnits(answer) : answer;
  return explanation.parse({ kind: framework === undefined ? 'task' : 'framework', ...Object(told) });
}
