/** A monitor alone in its process, as it is started, with its files in a folder; says where it answers. */
import { createMonitorServer, loadMonitorConfig } from '@orchestrator/monitor';
import { serveLines } from '../child.ts';

const [workDir = ''] = process.argv.slice(2);
const flags = { workDir, 'http.port': 0, 'probes.port': 0, 'auth.mode': 'off' };
const server = await createMonitorServer({ config: loadMonitorConfig({ flags }) });
const place = JSON.stringify(await server.start());
await serveLines(async () => place);
await server.stop();
