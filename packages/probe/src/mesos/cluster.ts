/** What masters and Marathon know of a whole cluster. */

import { seeAll } from '../board/see-all.ts';
import type { Asked } from '../http/asked.ts';
import { asked, onceLogged } from '../http/asked.ts';
import { type JsonClient, jsonClient } from '../http/json-client.ts';
import { objectOf, textOf } from '../json/read.ts';
import type { SourceContext } from '../source.ts';
import {
  agentNodeId,
  agentReadings,
  appNodeId,
  describeAgent,
  describeApp,
  describeFramework,
  frameworkNodeId,
} from './describe.ts';
import { clusterEveryFactor, headersOf, type MesosSourceOptions, share } from './options.ts';
import { parseAgents, parseApps, parseFrameworks } from './state.ts';

interface Question {
  readonly ask: () => Promise<void>;
  readonly forget: () => void;
}

/**
 * Asks the first server that answers; the others are those that do not lead, which send clients elsewhere. While none answers,
 * what is known stays for a minute: a cluster without a leading master runs on.
 */
function askOneOf(
  context: SourceContext,
  options: MesosSourceOptions,
  what: {
    readonly name: string;
    readonly urls: readonly string[];
    readonly questions: (client: JsonClient) => Question;
    readonly lost: () => void;
  },
): () => void {
  const { clock, logger, scheduler } = context;
  const { everyMs = 5_000 } = options;
  const log = onceLogged(logger, `no ${what.name} answers`);
  const servers = what.urls.map((url) => {
    const client = jsonClient({ url, headers: headersOf(options), clock });
    return { client, question: what.questions(client) };
  });
  let answeredMs = clock.monotonicMs();
  const look = async () => {
    let last: unknown;
    for (const server of servers) {
      try {
        await server.question.ask();
        log.worked();
        answeredMs = clock.monotonicMs();
        for (const other of servers) if (other !== server) other.question.forget();
        return;
      } catch (error) {
        last = error;
      }
    }
    log.failed(last);
    if (clock.monotonicMs() - answeredMs < keptMs) return;
    for (const { question } of servers) question.forget();
    what.lost();
  };
  const job = scheduler.add({ name: what.name, everyMs: everyMs * clusterEveryFactor, share, run: look });
  return () => {
    job.remove();
    for (const { client } of servers) client.close();
  };
}

const keptMs = 60_000;

const together =
  (...all: Asked<unknown>[]) =>
  () => {
    for (const one of all) one.forget();
  };

export function watchMasters(context: SourceContext, options: MesosSourceOptions): () => void {
  // What the agent of this host says of itself is on another board, and both count.
  const board = context.addBoard();
  return askOneOf(context, options, {
    name: 'mesos master',
    urls: options.masters ?? [],
    questions(client) {
      const agents = asked(client, '/slaves', parseAgents);
      const frameworks = asked(client, '/frameworks', parseFrameworks);
      return {
        forget: together(agents, frameworks),
        async ask() {
          const [some, others] = [await agents.news(), await frameworks.news()];
          if (some !== undefined) {
            seeAll(
              board,
              'mesos_agent',
              some.map((agent) => [agentNodeId(agent.id), describeAgent(agent, undefined)]),
            );
            for (const agent of some) board.read('mesos_agent', agentNodeId(agent.id), agentReadings(agent));
          }
          if (others !== undefined)
            seeAll(
              board,
              'mesos_framework',
              others.map((framework) => [frameworkNodeId(framework.id), describeFramework(framework)]),
            );
        },
      };
    },
    lost() {
      board.keepOnly('mesos_agent', () => false);
      board.keepOnly('mesos_framework', () => false);
    },
  });
}

export function watchMarathon(context: SourceContext, options: MesosSourceOptions): () => void {
  const board = context.addBoard();
  return askOneOf(context, options, {
    name: 'marathon',
    urls: options.marathon ?? [],
    questions(client) {
      const apps = asked(client, '/v2/apps?embed=apps.counts', parseApps);
      const info = asked(client, '/v2/info', (json) => textOf(objectOf(json).frameworkId));
      let frameworkId = '';
      return {
        forget: together(apps, info),
        async ask() {
          const id = await info.news();
          if (id !== undefined && id !== frameworkId) {
            frameworkId = id;
            apps.forget();
          }
          const news = await apps.news();
          if (news !== undefined)
            seeAll(
              board,
              'marathon_app',
              news.map((app) => [appNodeId(frameworkId, app.id), describeApp(frameworkId, app)]),
            );
        },
      };
    },
    lost: () => board.keepOnly('marathon_app', () => false),
  });
}
