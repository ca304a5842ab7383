/**
 * Frameworks over the v1 HTTP API. Arguments: how many, `json` or `protobuf`, and the master as `host:port` or `zk://…`.
 * Commands, each answered in JSON:
 *
 *     offered COUNT               once so many offers are in hand
 *     launch TASKS PER_ACCEPT     all at once; until all are said to run
 *     acknowledge                 what has not been acknowledged
 *     closed-loop TASKS AT_ONCE   one task an ACCEPT
 *     filters-expire              from the end of a filter to the offer
 *     revive COUNT                from REVIVE to so many offers
 */
import { readZkUrl, ZooKeeperDetector } from '@orchestrator/master';
import { createFixedDetector, type MasterDetector } from '@orchestrator/mesos';
import { connect } from '@orchestrator/zookeeper';
import { serveLines } from '../child.ts';
import { BenchFrameworks } from '../mesos/frameworks.ts';

async function detectorFor(place: string): Promise<MasterDetector> {
  if (!place.startsWith('zk://')) {
    const [host = '127.0.0.1', port] = place.split(':');
    return createFixedDetector({ host, port: Number(port) });
  }
  const { connectString, path } = await readZkUrl(place);
  const detector = new ZooKeeperDetector(await connect({ connectString }), path);
  await detector.start();
  return detector;
}

const [count = '1', format, place = ''] = process.argv.slice(2);
const frameworks = new BenchFrameworks(
  Number(count),
  await detectorFor(place),
  format === 'protobuf' ? 'protobuf' : 'json',
);
await frameworks.subscribed();

async function answer(line: string): Promise<unknown> {
  const [command, ...rest] = line.split(' ');
  const [first = 0, second = 0] = rest.map(Number);
  switch (command) {
    case 'offered': {
      const startedMs = performance.now();
      await frameworks.offered(first);
      return { elapsedMs: performance.now() - startedMs };
    }
    case 'launch':
      return frameworks.launch(first, second);
    case 'acknowledge':
      return frameworks.acknowledge();
    case 'closed-loop':
      return frameworks.closedLoop(first, second);
    case 'filters-expire':
      return frameworks.filtersExpire();
    case 'revive':
      return frameworks.revive(first);
    default:
      throw new Error(`there is no command ${command}`);
  }
}

await serveLines(async (line) => JSON.stringify(await answer(line)));
process.exit(0);
