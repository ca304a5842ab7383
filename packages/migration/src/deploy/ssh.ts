/** Servers on machines that are reached with the system's own ssh: no passwords, no unknown hosts. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Clock } from '@orchestrator/runtime';
import type { ArchiveFile } from '../archive/records.ts';
import { MigrationError } from '../errors.ts';
import type { DeployContext, Deployer, ServerState } from './deployer.ts';
import { type EnsemblePlan, type ServerPlan, serverArguments, zooCfg } from './ensemble-plan.ts';
import { runProgram } from './program.ts';
import { awaitServing, awaitSilence, connectStringOfPlan } from './reach.ts';
import {
  archiveScript,
  deployScript,
  destroyScript,
  quote,
  type RemoteServer,
  seedScript,
  startScript,
  statusScript,
  stopScript,
} from './ssh-scripts.ts';
import { tarStream } from './tar-stream.ts';

export interface SshOptions {
  readonly folder: string;
  readonly install: string;
  readonly java: string;
  readonly user?: string | undefined;
  readonly port: number;
  readonly identity_file?: string | undefined;
  readonly known_hosts_file?: string | undefined;
  readonly start_command?: string | undefined;
  readonly stop_command?: string | undefined;
  readonly owner: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const connectTimeoutSec = 10;
const tryAgainExitCode = 75;
const sshFailedExitCode = 255;
const quotedBytes = 500;

/** The command that runs `script` on a server; what is shown in plans is exactly what is run. */
function sshCommand(options: SshOptions, host: string, script: string): readonly string[] {
  const { user, port, identity_file: identity, known_hosts_file: knownHosts } = options;
  const settings = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `ConnectTimeout=${connectTimeoutSec}`,
    ...(knownHosts === undefined ? [] : [`UserKnownHostsFile=${knownHosts}`]),
    ...(identity === undefined ? [] : ['IdentitiesOnly=yes']),
  ];
  return [
    'ssh',
    ...settings.flatMap((setting) => ['-o', setting]),
    '-p',
    String(port),
    ...(identity === undefined ? [] : ['-i', identity]),
    '--',
    user === undefined ? host : `${user}@${host}`,
    script,
  ];
}

export function createSshDeployer(options: SshOptions): Deployer {
  const { folder, owner, timeoutMs, clock } = options;

  const remote = (server: ServerPlan): RemoteServer => {
    const home = `${folder}/server-${server.id}`;
    return {
      id: server.id,
      home,
      dataFolder: server.dataFolder ?? `${home}/data`,
      configFile: server.configFile ?? `${home}/zoo.cfg`,
    };
  };

  const run = async (server: ServerPlan, script: string, signal?: AbortSignal, input?: string | Readable) => {
    const result = await runProgram({
      argv: sshCommand(options, server.host, script),
      timeoutMs,
      clock,
      ...(input === undefined ? {} : { input }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.exitCode === 0) return result.stdout;
    const said = result.stderr.trim().slice(-quotedBytes);
    const unreachable = result.exitCode === sshFailedExitCode || result.exitCode === tryAgainExitCode;
    throw new MigrationError(
      unreachable ? 'unavailable' : 'precondition',
      `server ${server.id} on ${server.host}: ${said === '' ? `ended with ${result.exitCode}` : said}`,
      {
        remedy: unreachable
          ? `try by hand: ${sshCommand(options, server.host, 'true').join(' ')}`
          : 'mend what it says, then zk-migrate resume',
      },
    );
  };

  const onEach = async (
    plan: EnsemblePlan,
    work: (server: ServerPlan) => Promise<unknown>,
  ): Promise<void> => {
    await Promise.all(plan.servers.map(work));
  };

  const startOf = (plan: EnsemblePlan, server: ServerPlan): string => {
    const argv = [options.java, ...serverArguments(plan, options.install, remote(server).configFile)];
    return options.start_command ?? startScript(remote(server), argv);
  };
  const stopOf = (server: ServerPlan) =>
    options.stop_command ?? stopScript(remote(server), Math.ceil(timeoutMs / 1000));
  const reach = (ctx: DeployContext) => ({
    clock,
    signal: ctx.signal,
    timeoutMs,
    remedy: `look at ${folder}/server-*/server.log on the machines`,
  });

  const stateOf = async (server: ServerPlan): Promise<ServerState> => {
    const said = (await run(server, statusScript(remote(server)))).trim();
    const [state = '', ...detail] = said.split(' ');
    const known = state === 'running' || state === 'stopped' || state === 'absent';
    return {
      id: server.id,
      state: known ? state : 'unknown',
      detail: `${server.host} ${detail.join(' ')}`.trim(),
    };
  };

  const stopAll = async (plan: EnsemblePlan, ctx: DeployContext): Promise<void> => {
    await onEach(plan, (server) => run(server, stopOf(server), ctx.signal));
    await awaitSilence(plan, reach(ctx));
  };

  return {
    kind: 'ssh',
    describe: (plan) =>
      plan.servers.flatMap((server) =>
        [deployScript(remote(server), owner), startOf(plan, server)].map((script) =>
          sshCommand(options, server.host, script)
            .map((word, index, all) => (index === all.length - 1 ? quote(word) : word))
            .join(' '),
        ),
      ),
    deploy: (plan, ctx) =>
      onEach(plan, (server) => {
        const cfg = zooCfg(plan, server, remote(server).dataFolder);
        return run(server, deployScript(remote(server), owner), ctx.signal, cfg);
      }),
    placeSeed: (plan, seed, ctx) =>
      onEach(plan, (server) => {
        const script = seedScript(remote(server), owner, seed.fileName);
        return run(server, script, ctx.signal, createReadStream(seed.file));
      }),
    start: async (plan, ctx) => {
      await onEach(plan, (server) => run(server, startOf(plan, server), ctx.signal));
      await awaitServing(connectStringOfPlan(plan), reach(ctx));
    },
    stop: stopAll,
    status: (plan) => Promise.all(plan.servers.map(stateOf)),
    destroy: async (plan, ctx) => {
      await stopAll(plan, ctx);
      await onEach(plan, (server) => run(server, destroyScript(remote(server), owner), ctx.signal));
    },
    files: (plan) =>
      tarStreams(plan, (server) => sshCommand(options, server.host, archiveScript(remote(server)))),
  };
}

/** One tar file per server, straight from its standard output. */
async function* tarStreams(
  plan: EnsemblePlan,
  commandFor: (server: ServerPlan) => readonly string[],
): AsyncGenerator<ArchiveFile, void, undefined> {
  for (const server of plan.servers) {
    const what = `server ${server.id} on ${server.host}`;
    yield* tarStream({ path: `server-${server.id}.tar`, argv: commandFor(server), what });
  }
}
