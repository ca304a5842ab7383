import type { FlagSources } from '@orchestrator/mesos';
import { type Logger, runDaemon, systemClock } from '@orchestrator/runtime';
import { readConfig } from './config.ts';
import { readFlags } from './flags.ts';
import { openLog } from './log/output.ts';
import { limitLogger, Verbosity } from './log/verbosity.ts';
import { MasterService } from './service/master-service.ts';

/** `orchestrator master`. Resolves to the exit code: see `runDaemon`. */
export async function runMaster(sources: FlagSources & { readonly logger?: Logger }): Promise<number> {
  const config = await readConfig(await readFlags(sources));
  const logger = sources.logger ?? (await openLog(config));
  let fail: (error: unknown) => void = () => undefined;
  const verbosity = new Verbosity(systemClock);
  const service = new MasterService({ config, logger, verbosity, onFatal: (error) => fail(error) });
  return runDaemon({
    logger: limitLogger(logger, config.leastLogLevel, verbosity),
    components: [
      {
        name: 'master',
        start(context) {
          fail = context.fail;
          return service.start();
        },
        stop: () => service.stop(),
      },
    ],
  });
}
