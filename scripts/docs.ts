/** `node scripts/docs.ts` writes the pages of the documentation that follow from the code; a test says when they are old. */
import { writeFile } from 'node:fs/promises';
import { commandsDocument, orchestratorCommandsDocument } from './docs/commands.ts';
import { configurationDocument } from './docs/configuration.ts';
import { monitorApiDocument, monitorConfigurationDocument } from './docs/monitor.ts';
import { restApiDocument } from './docs/rest-api.ts';

/** Content by path. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/zk-migrate/configuration.md', configurationDocument()],
    ['docs/zk-migrate/commands.md', commandsDocument()],
    ['docs/orchestrator/cli.md', orchestratorCommandsDocument()],
    ['docs/zk-migrate/rest-api.md', await restApiDocument()],
    ['docs/monitor/configuration.md', monitorConfigurationDocument()],
    ['docs/monitor/api.md', await monitorApiDocument()],
  ]);
}

if (import.meta.main) {
  for (const [path, text] of await generatedPages()) {
    await writeFile(path, text);
    console.log(path);
  }
  process.exit();
}
