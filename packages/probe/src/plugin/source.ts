import { basename, join } from 'node:path';
import { fromScopeReport, type Report, type Template } from '@orchestrator/report';
import type { Board } from '../board/board.ts';
import type { ControlCall, ControlResult } from '../control/desk.ts';
import { ProbeError } from '../errors.ts';
import { hostNodeId } from '../host/facts.ts';
import { listFolder } from '../procfs/read.ts';
import type { Source, SourceContext } from '../source.ts';
import { answerTimeoutMs, callPlugin, controlTimeoutMs } from './client.ts';
import { controlName, restate } from './restate.ts';

export interface PluginSourceOptions {
  /** Folder of sockets, `<plugin id>.sock` each. Default `/var/run/orchestrator/plugins`. */
  readonly folder?: string;
  /** Distance of questions to a plugin. Default 1000. */
  readonly everyMs?: number;
  /** Distance of looks into the folder. Default 5000. */
  readonly scanEveryMs?: number;
}

/** Of one plugin's report, which is far less than what an app takes from a probe. */
const limits = { nodes: 10_000, leavesPerNode: 500, stringLength: 16_384 };
const pluginLimit = 50;
const share = 0.005;
/** A plugin that fails is asked this many times more rarely each time, up to `longestSkip`. */
const longestSkip = 30;

const templates: readonly Template[] = [
  { kind: 'topology', id: 'topology', shape: 'square', label: 'plugin', labelPlural: 'plugins' },
];

interface Plugin {
  readonly id: string;
  readonly socketPath: string;
  readonly board: Board;
  /** Names at the desk, and what gives them up. */
  readonly controls: Map<string, () => void>;
  failures: number;
  skip: number;
  asking: boolean;
}

/** What plugins on this host add: nodes, values, controls. Their health is a node of the topology `plugin`. */
export function pluginSource(options: PluginSourceOptions = {}): Source {
  const { folder = '/var/run/orchestrator/plugins', everyMs = 1_000, scanEveryMs = 5_000 } = options;
  return {
    name: 'plugin',
    start(context) {
      const registry = createRegistry(context, folder);
      context.board.templates('plugin', templates);
      const jobs = [
        context.scheduler.add({ name: 'plugins', everyMs: scanEveryMs, share, run: registry.scan }),
        context.scheduler.add({ name: 'reports of plugins', everyMs, share, run: registry.askAll }),
      ];
      return () => {
        for (const job of jobs) job.remove();
        registry.dropAll();
      };
    },
  };
}

function createRegistry(context: SourceContext, folder: string) {
  const { board, logger } = context;
  const plugins = new Map<string, Plugin>();
  /** Each plugin writes on a board of its own, so that none removes what another one said; it is found there again. */
  const boards = new Map<string, Board>();

  /** A plugin of the same name on another host has a health of its own. */
  const nodeIdOf = ({ id }: Plugin) => `${context.host.hostId};${id}`;

  const isGoneElsewhere = (own: Board) => (topology: string, id: string) =>
    context.isGoneElsewhere(own, topology, id);

  const take = (plugin: Plugin, json: unknown, partial: boolean) => {
    const report = fromScopeReport(json, context.clock.nowMs(), limits);
    const { board: own, id: pluginId } = plugin;
    restate(report, { board: own, pluginId, isGoneElsewhere: isGoneElsewhere(own), partial });
    registerControls(plugin, report);
    return report;
  };

  const registerControls = (plugin: Plugin, report: Report) => {
    for (const { templates: all } of report.topologies.values()) {
      for (const { value } of all.values()) {
        if (value?.kind !== 'control' || plugin.controls.has(value.id)) continue;
        const name = controlName(plugin.id, value.id);
        const withdraw = context.controls.register(name, (call) => control(plugin, value.id, call));
        plugin.controls.set(value.id, withdraw);
      }
    }
  };

  const control = async (plugin: Plugin, id: string, call: ControlCall): Promise<ControlResult> => {
    const answer = await callPlugin(plugin.socketPath, {
      method: 'POST',
      path: `/control?api_version=1&probe_id=${encodeURIComponent(context.probeId)}`,
      body: { AppID: '', NodeID: call.nodeId, Control: id, ControlArgs: call.arguments },
      timeoutMs: controlTimeoutMs,
    });
    const { shortcutReport, value, error, removedNode } = Object(answer);
    if (typeof error === 'string' && error !== '')
      throw new ProbeError(`plugin ${plugin.id}: ${error}`, { code: 'precondition' });
    if (shortcutReport !== undefined) take(plugin, shortcutReport, true);
    return {
      ...(typeof value === 'string' ? { value } : {}),
      ...(typeof removedNode === 'string' ? { removedNode } : {}),
    };
  };

  const tellHealth = (plugin: Plugin, status: string, report?: Report) => {
    const told = report?.topologies.get('plugin')?.nodes.get(plugin.id)?.latest;
    const known = board.report.topologies.get('plugin')?.nodes.get(nodeIdOf(plugin))?.latest;
    const text = (key: string) => (told ?? known)?.get(key)?.value;
    const about = ['label', 'description', 'interfaces', 'api_version'].map((key) => [key, text(key)]);
    const latest = { ...Object.fromEntries(about), status, host_node_id: hostNodeId(context.host) };
    board.see('plugin', nodeIdOf(plugin), { latest });
  };

  const ask = async (plugin: Plugin): Promise<void> => {
    plugin.asking = true;
    try {
      const json = await callPlugin(plugin.socketPath, {
        method: 'GET',
        path: `/report?api_version=1&probe_id=${encodeURIComponent(context.probeId)}`,
        timeoutMs: answerTimeoutMs,
      });
      const report = take(plugin, json, false);
      if (report.topologies.get('plugin')?.nodes.has(plugin.id) !== true) {
        throw new ProbeError(`its report names no plugin "${plugin.id}", after which its socket is called`, {
          code: 'invalid',
        });
      }
      plugin.failures = 0;
      tellHealth(plugin, 'ok', report);
    } catch (error) {
      plugin.failures++;
      plugin.skip = Math.min(longestSkip, 2 ** plugin.failures);
      tellHealth(plugin, `error: ${error instanceof Error ? error.message : String(error)}`);
      logger.debug('a plugin failed', { plugin: plugin.id, error });
    } finally {
      plugin.asking = false;
    }
  };

  const drop = (plugin: Plugin) => {
    plugins.delete(plugin.id);
    for (const withdraw of plugin.controls.values()) withdraw();
    for (const topology of plugin.board.report.topologies.keys())
      plugin.board.keepOnly(topology, () => false);
    board.remove('plugin', nodeIdOf(plugin));
  };

  const adopt = (id: string) => {
    const own = boards.get(id) ?? context.addBoard();
    boards.set(id, own);
    plugins.set(id, {
      id,
      socketPath: join(folder, `${id}.sock`),
      board: own,
      controls: new Map(),
      failures: 0,
      skip: 0,
      asking: false,
    });
  };

  return {
    scan(): void {
      const ids = new Set(
        listFolder(folder)
          .filter((name) => /^[\w-]+\.sock$/.test(name))
          .map((name) => basename(name, '.sock')),
      );
      for (const plugin of plugins.values()) if (!ids.has(plugin.id)) drop(plugin);
      for (const id of ids) {
        const hasRoom = boards.has(id) || boards.size < pluginLimit;
        if (!plugins.has(id) && hasRoom) adopt(id);
      }
    },
    async askAll(): Promise<void> {
      const due = [...plugins.values()].filter((plugin) => !plugin.asking && plugin.skip-- <= 0);
      await Promise.all(due.map(ask));
    },
    dropAll(): void {
      for (const plugin of [...plugins.values()]) drop(plugin);
    },
  };
}
