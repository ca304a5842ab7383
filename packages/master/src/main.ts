import { type Logger, runDaemon } from '@orchestrator/runtime';
import { readConfig } from './config.ts';
import { type FlagSources, readFlags } from './flags.ts';
import { openLog } from './log/output.ts';
import { MasterService } from './service/master-service.ts';

/** `orchestrator master`. Resolves to the exit code: see `runDaemon`. */
export async function runMaster(sources: FlagSources & { readonly logger?: Logger }): Promise<number> {
  const config = await readConfig(await readFlags(sources));
  const logger = sources.logger ?? (await openLog(config));
  let fail: (error: unknown) => void = () => undefined;
  const service = new MasterService({ config, logger, onFatal: (error) => fail(error) });
  return runDaemon({
    logger,
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
