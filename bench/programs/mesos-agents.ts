/**
 * Simulated agents. Arguments: how many, and the port that they listen on. Commands, each answered in JSON:
 *
 *     follow MASTER_PID SPREAD_MS     register there, the first try spread over so long
 *     detect ZOOKEEPER_URL            follow whoever leads by the group of masters there
 *     registered COUNT                once so many are: how long that took since `follow`
 *     counts
 */
import { readZkUrl, ZooKeeperDetector } from '@orchestrator/master';
import { connect } from '@orchestrator/zookeeper';
import { serveLines } from '../child.ts';
import { startFleet } from '../mesos/fleet.ts';
import { until } from '../mesos/until.ts';

const [count = '100', port = '5051'] = process.argv.slice(2);
const fleet = await startFleet(Number(count), Number(port));
/** As a real agent: it waits for up to its registration backoff after each change of leader. */
const detectedSpreadMs = 1_000;
let followedAtMs = 0;

function follow(masterPid: string, spreadMs: number): void {
  followedAtMs = performance.now();
  fleet.follow(masterPid, spreadMs);
}

async function detect(url: string): Promise<void> {
  const { connectString, path } = await readZkUrl(url);
  const detector = new ZooKeeperDetector(await connect({ connectString }), path);
  detector.on('leader', (leader) => {
    if (leader?.pid !== undefined) follow(leader.pid, detectedSpreadMs);
  });
  await detector.start();
}

async function answer(line: string): Promise<unknown> {
  const [command, first = '', second = '0'] = line.split(' ');
  switch (command) {
    case 'follow':
      follow(first, Number(second));
      return {};
    case 'detect':
      await detect(first);
      return {};
    case 'registered':
      await until(`${first} agents to register`, () => fleet.counts.registered >= Number(first));
      return { elapsedMs: performance.now() - followedAtMs };
    case 'counts':
      return fleet.counts;
    default:
      throw new Error(`there is no command ${command}`);
  }
}

await serveLines(async (line) => JSON.stringify(await answer(line)));
process.exit(0);
