/**
 * The operator's own program: called as `PROGRAM… VERB` with one JSON object on standard input. The contract is in
 * docs/zk-migrate/deployers.md, with an example that the tests run. `zoo_cfg` holds the super user's digest, so requests are
 * neither logged nor quoted.
 */
import type { Clock } from '@orchestrator/runtime';
import { MigrationError } from '../errors.ts';
import type { DeployContext, Deployer, Seed, ServerState } from './deployer.ts';
import { type EnsemblePlan, zooCfg } from './ensemble-plan.ts';
import { runProgram } from './program.ts';
import { awaitServing, awaitSilence, connectStringOfPlan } from './reach.ts';
import { tarStream } from './tar-stream.ts';

export interface CommandOptions {
  readonly command: readonly string[];
  readonly cluster: 'source' | 'target';
  readonly owner: string;
  readonly timeoutMs: number;
  readonly environment: readonly string[];
  readonly clock: Clock;
}

const tryAgainExitCode = 75;
const quotedBytes = 500;
const states: readonly string[] = ['absent', 'stopped', 'running', 'unknown'];

function requestOf(verb: string, plan: EnsemblePlan, options: CommandOptions, seed?: Seed): string {
  const { cluster, owner } = options;
  return JSON.stringify({
    contract: 1,
    verb,
    cluster,
    owner,
    servers: plan.servers.map((server) => ({
      id: server.id,
      host: server.host,
      client_port: server.clientPort,
      quorum_port: server.quorumPort,
      election_port: server.electionPort,
      admin_port: server.adminPort,
      data_folder: server.dataFolder,
      config_file: server.configFile,
      zoo_cfg: zooCfg(plan, server, server.dataFolder ?? '/var/lib/zookeeper'),
    })),
    java_options: plan.javaOptions,
    ...(seed === undefined ? {} : { seed: { file: seed.file, name: seed.fileName } }),
  });
}

function parseStates(stdout: string, program: string): readonly ServerState[] {
  try {
    const { servers } = JSON.parse(stdout) as { servers: { id: number; state: string; detail?: string }[] };
    return servers.map(({ id, state, detail }) => ({
      id: Number(id),
      state: states.includes(state) ? (state as ServerState['state']) : 'unknown',
      detail: String(detail ?? ''),
    }));
  } catch (cause) {
    throw new MigrationError(
      'unavailable',
      `${program} status did not print the JSON that the contract asks for`,
      {
        cause,
        remedy: 'print {"servers": [{"id": 1, "state": "running"}]} on standard output',
      },
    );
  }
}

export function createCommandDeployer(options: CommandOptions): Deployer {
  const { command, timeoutMs, clock } = options;
  const program = command[0] ?? '';
  const named = ['PATH', 'HOME', 'LANG', ...options.environment];
  const environment = Object.fromEntries(
    named.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );

  const call = async (
    verb: string,
    plan: EnsemblePlan,
    signal?: AbortSignal,
    seed?: Seed,
  ): Promise<string> => {
    const input = requestOf(verb, plan, options, seed);
    const result = await runProgram({
      argv: [...command, verb],
      input,
      environment,
      timeoutMs,
      clock,
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.exitCode === 0) return result.stdout;
    const retryable = result.exitCode === tryAgainExitCode;
    const said = result.stderr.trim().slice(-quotedBytes);
    throw new MigrationError(
      retryable ? 'unavailable' : 'precondition',
      `${program} ${verb} ended with ${result.exitCode ?? 'a signal'}${said === '' ? '' : `: ${said}`}`,
      { remedy: retryable ? 'zk-migrate resume later' : 'mend what it says, then zk-migrate resume' },
    );
  };

  const perform = (verb: string) => async (plan: EnsemblePlan, ctx: DeployContext) => {
    await call(verb, plan, ctx.signal);
  };
  const reach = (ctx: DeployContext, remedy: string) => ({ clock, signal: ctx.signal, timeoutMs, remedy });

  return {
    kind: 'command',
    describe: (plan) =>
      ['deploy', 'seed', 'start'].map(
        (verb) => `${command.join(' ')} ${verb} (${plan.servers.length} servers)`,
      ),
    deploy: perform('deploy'),
    placeSeed: async (plan, seed, ctx) => {
      await call('seed', plan, ctx.signal, seed);
    },
    start: async (plan, ctx) => {
      await call('start', plan, ctx.signal);
      await awaitServing(connectStringOfPlan(plan), reach(ctx, `see what ${program} status says`));
    },
    stop: async (plan, ctx) => {
      await call('stop', plan, ctx.signal);
      await awaitSilence(plan, reach(ctx, `see what ${program} status says`));
    },
    status: async (plan) => parseStates(await call('status', plan), program),
    destroy: perform('destroy'),
    files: (plan) =>
      tarStream({
        path: 'servers.tar',
        argv: [...command, 'archive'],
        input: requestOf('archive', plan, options),
        environment,
        what: 'what the servers hold',
      }),
  };
}
