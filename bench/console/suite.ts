/** How soon the graph is there, and what it costs the page to move in it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { consoleFolder } from '@orchestrator/console';
import { createMonitorServer, loadMonitorConfig } from '@orchestrator/monitor';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import type { Browser, Page } from 'playwright-core';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median, percentile } from '../statistics.ts';
import { launch, longestBlockMs, markMs, openPage } from './browser.ts';
import { type FleetOptions, report } from './fleet.ts';
import { type FrameWork, frameWork } from './trace.ts';

const usual: FleetOptions = { containers: 1_000, connections: 3_000 };
const large: FleetOptions = { containers: 10_000, connections: 20_000 };
const limits = {
  firstPaintMs: 1_000,
  layoutMs: 2_000,
  longestTaskMs: 100,
  framePanP99Ms: 8,
  framePanLargeP99Ms: 16,
};
/** Metrics of all containers change this often, where updates are looked at. */
const tellEveryMs = 4_000;
/** What was told once stays: reports without a stream are shown for this long. */
const windowMs = 600_000;
const updateMs = 8_000;
const shown = { timeout: 60_000 };
/** Frames of an emulated card may take a second; what was seen by then tells enough. */
const wanderMs = 25_000;

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

async function startMonitor(fleet: FleetOptions, isChanging: boolean): Promise<Running> {
  const workDir = await temporaryFolder('bench-console');
  const flags = {
    workDir,
    'http.port': 0,
    'probes.port': 0,
    'auth.mode': 'off',
    'history.enabled': false,
    'collector.windowMs': windowMs,
  };
  const server = await createMonitorServer({ config: loadMonitorConfig({ flags }), consoleFolder });
  const { url } = await server.start();
  await report(url, fleet);
  let telling: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (isChanging) telling = telling.then(() => report(url, fleet));
  }, tellEveryMs);
  return {
    url,
    async stop() {
      clearInterval(timer);
      await telling;
      await server.stop();
      await removeFolder(workDir);
    },
  };
}

async function openGraph(browser: Browser, url: string): Promise<Page> {
  const page = await openPage(browser);
  await page.goto(`${url}/topology/containers?metric=docker_cpu_total_usage`);
  await page.locator('[data-testid=graph][data-layout=settled][data-painted]').waitFor(shown);
  return page;
}

/** Back and forth by hand, then in and out. */
async function wander(page: Page, rounds: number): Promise<void> {
  const endMs = performance.now() + wanderMs;
  const box = await page.getByTestId('graph').boundingBox();
  if (box === null) throw new Error('there is no graph on the page');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2 + 180];
  const drag = async (share: number) => page.mouse.move(box.x + 24 + 500 * share, y - 120 * share);
  for (let round = 0; round < rounds && performance.now() < endMs; round++) {
    // Beside the nodes: what is dragged is the map.
    await drag(0);
    await page.mouse.down();
    for (let turn = 0; turn <= 80 && performance.now() < endMs; turn++)
      await drag(1 - Math.abs(turn - 40) / 40);
    await page.mouse.up();
    await page.mouse.move(x, y);
    for (let turn = 0; turn < 24 && performance.now() < endMs; turn++) {
      await page.mouse.wheel(0, turn < 12 ? -60 : 60);
    }
  }
}

async function moving(page: Page, rounds: number): Promise<FrameWork> {
  const session = await page.context().newCDPSession(page);
  return frameWork(session, () => wander(page, rounds));
}

interface FirstLook {
  readonly firstPaintMs: number;
  readonly layoutMs: number;
  readonly longestTaskMs: number;
}

/** A page with nothing in its cache, and then updates of every node. */
async function firstLook(browser: Browser, url: string, withUpdates: boolean): Promise<FirstLook> {
  const page = await openGraph(browser, url);
  const [firstPaintMs, layoutMs] = [await markMs(page, 'graph drawn'), await markMs(page, 'graph settled')];
  if (withUpdates) await sleep(updateMs);
  const longestTaskMs = await longestBlockMs(page);
  await page.context().close();
  return { firstPaintMs, layoutMs, longestTaskMs };
}

/** Runs in the page: a scrolled page asks for no frames of its own, by which work is told apart. */
const markFrames = '(function mark() { requestAnimationFrame(mark); })()';

interface TableLook extends FrameWork {
  /** Until there are rows to read; others are still on their way. */
  readonly rowsMs: number;
}

async function measureTable(browser: Browser, url: string, { containers }: FleetOptions): Promise<TableLook> {
  const page = await openPage(browser);
  const startMs = performance.now();
  await page.goto(`${url}/topology/containers?mode=table`);
  await page.getByRole('row').nth(20).waitFor(shown);
  const rowsMs = performance.now() - startMs;
  await page.locator(`table[aria-rowcount="${containers + 1}"]`).waitFor(shown);
  await page.mouse.move(700, 500);
  await page.evaluate(markFrames);
  const session = await page.context().newCDPSession(page);
  const work = await frameWork(session, async () => {
    for (let turn = 0; turn < 80; turn++) await page.mouse.wheel(0, 2_000);
  });
  await page.context().close();
  return { ...work, rowsMs };
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const browser = await launch();
  const rounds = quick ? 1 : 4;
  try {
    const some = await startMonitor(usual, true);
    const looks: FirstLook[] = [];
    for (let turn = 0; turn < (quick ? 2 : 5); turn++) {
      looks.push(await firstLook(browser, some.url, turn === 0));
      say(`look ${turn + 1}: ${JSON.stringify(looks.at(-1))}`);
    }
    const page = await openGraph(browser, some.url);
    const pan = await moving(page, rounds);
    say(`work per frame, p99: ${percentile(pan.scriptMs, 0.99).toFixed(2)} ms`);
    await page.context().close();
    await some.stop();
    say('10,000 containers');
    const many = await startMonitor(large, false);
    const wide = await openGraph(browser, many.url);
    const largeLayoutMs = await markMs(wide, 'graph settled');
    const panLarge = await moving(wide, rounds);
    await wide.context().close();
    const table = await measureTable(browser, many.url, large);
    await many.stop();
    const metrics = {
      firstPaintMs: median(looks.map((look) => look.firstPaintMs)),
      layoutMs: median(looks.map((look) => look.layoutMs)),
      longestTaskMs: Math.max(...looks.map((look) => look.longestTaskMs)),
      framePanP99Ms: percentile(pan.scriptMs, 0.99),
      framePanLargeP99Ms: percentile(panLarge.scriptMs, 0.99),
      tableRowsMs: table.rowsMs,
      tableFrameP99Ms: percentile(table.scriptMs, 0.99),
      framesPerS: pan.framesPerS,
      framesPerSLarge: panLarge.framesPerS,
      layoutLargeMs: largeLayoutMs,
    };
    const ratios = Object.fromEntries(
      Object.entries(limits).map(([name, limit]) => [
        `${name}/limit`,
        metrics[name as keyof typeof limits] / limit,
      ]),
    );
    const notes = [
      '1,000 containers and 3,000 connections; "large" is 10,000 and 20,000; the table has 10,000 rows.',
      'Frames: time of the thread in our scripts between two frames while the graph is dragged and zoomed.',
      'Frames per second are of software rendering. Scope at 1,000 nodes with 3 edges each: not drawn in 400 s.',
    ];
    return { metrics, ratios, notes };
  } finally {
    await browser.close();
  }
}

export const consoleSuite: Suite = {
  name: 'console',
  about: 'the graph in Chromium: first paint, layout, blocks of the page, work per frame',
  run,
};
