/** A probe as it runs on a host, with the engine's socket and the app's address as arguments. */
import { connectionSource, dockerSource, hostSource, processSource, startProbe } from '@orchestrator/probe';
import type { Logger } from '@orchestrator/runtime';

const [socketPath = '', grpc = ''] = process.argv.slice(2);

const say = (message: string, fields?: object) =>
  process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
const logger: Logger = { debug: () => undefined, info: say, warn: say, error: say, child: () => logger };

const probe = startProbe({
  probeId: 'bench',
  sources: [hostSource(), processSource(), dockerSource({ socketPath }), connectionSource()],
  apps: [{ grpc }],
  logger,
});
process.stdout.write('ready\n');
process.stdin.resume().once('end', () => void probe.stop().then(() => process.exit(0)));
