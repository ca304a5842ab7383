import { seeAll } from '../board/see-all.ts';
import { hostNodeId } from '../host/facts.ts';
import { asked, onceLogged } from '../http/asked.ts';
import { jsonClient } from '../http/json-client.ts';
import type { Source, SourceContext } from '../source.ts';
import { watchMarathon, watchMasters } from './cluster.ts';
import { containerLinks } from './containers.ts';
import {
  agentNodeId,
  agentReadings,
  appNodeId,
  describeAgent,
  describeApp,
  describeFramework,
  describeTask,
  frameworkNodeId,
  taskNodeId,
} from './describe.ts';
import { headersOf, type MesosSourceOptions, share } from './options.ts';
import { type AgentState, appOfTask, type MesosTask, parseAgentState } from './state.ts';
import { agentTemplates, appTemplates, frameworkTemplates, taskTemplates } from './templates.ts';

/** Frameworks, Marathon among them, whose apps are told by the names of their tasks. */
const isMarathon = (name: string) => name.toLowerCase().startsWith('marathon');

/**
 * Tasks on this host, from its agent; with masters, agents and frameworks of the cluster; with Marathon, its apps.
 */
export function mesosSource(options: MesosSourceOptions = {}): Source {
  return {
    name: 'mesos',
    start(context) {
      const { board } = context;
      board.templates('mesos_task', taskTemplates);
      board.templates('mesos_agent', agentTemplates);
      board.templates('mesos_framework', frameworkTemplates);
      board.templates('marathon_app', appTemplates);
      const stops = [
        watchAgent(context, options),
        ...(isToldOf(options.masters) ? [watchMasters(context, options)] : []),
        ...(isToldOf(options.marathon) ? [watchMarathon(context, options)] : []),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

function watchAgent(context: SourceContext, options: MesosSourceOptions): () => void {
  const { board, clock, logger, scheduler } = context;
  const { agent: url = 'http://127.0.0.1:5051', everyMs = 5_000 } = options;
  const client = jsonClient({ url, headers: headersOf(options), clock });
  const state = asked(client, '/state', parseAgentState);
  const log = onceLogged(logger, 'the Mesos agent cannot be asked');
  const links = containerLinks(context);
  let tasks: readonly MesosTask[] = [];
  const look = async () => {
    try {
      const news = await state.news();
      log.worked();
      if (news !== undefined) {
        tasks = news.tasks;
        writeState(context, news, options);
      }
      links.write(tasks);
    } catch (error) {
      log.failed(error);
      // Its tasks may well run on, but nobody can say so.
      state.forget();
      tasks = [];
      links.write(tasks);
      for (const topology of ['mesos_task', 'mesos_framework', 'marathon_app'])
        board.keepOnly(topology, () => false);
      if (!isToldOf(options.masters)) board.keepOnly('mesos_agent', () => false);
    }
  };
  const job = scheduler.add({ name: 'mesos agent', everyMs, share, run: look });
  return () => {
    job.remove();
    links.write([]);
    client.close();
  };
}

/** On this probe, what masters or Marathon say of the whole cluster counts, not what a single agent knows of it. */
const isToldOf = (urls: readonly string[] | undefined) => urls !== undefined && urls.length > 0;

function writeState(
  { board, host }: SourceContext,
  { agent, frameworks, tasks }: AgentState,
  { masters, marathon }: MesosSourceOptions,
): void {
  const hostNode = hostNodeId(host);
  const names = new Map(frameworks.map(({ id, name }) => [id, name]));
  board.see('mesos_agent', agentNodeId(agent.id), describeAgent(agent, hostNode));
  board.read('mesos_agent', agentNodeId(agent.id), agentReadings(agent));
  if (!isToldOf(masters))
    seeAll(
      board,
      'mesos_framework',
      frameworks.map((framework) => [frameworkNodeId(framework.id), describeFramework(framework)]),
    );
  const apps = new Map<string, ReturnType<typeof describeApp>>();
  const seen = tasks.map((task): readonly [string, ReturnType<typeof describeTask>] => {
    const app = isMarathon(names.get(task.frameworkId) ?? '') ? appOfTask(task.id) : undefined;
    if (app !== undefined)
      apps.set(appNodeId(task.frameworkId, app), describeApp(task.frameworkId, { id: app }));
    return [taskNodeId(task), describeTask(task, { host: hostNode, app })];
  });
  seeAll(board, 'mesos_task', seen);
  if (!isToldOf(marathon)) seeAll(board, 'marathon_app', [...apps]);
  board.keepOnly('mesos_agent', (id) => id === agentNodeId(agent.id));
}
