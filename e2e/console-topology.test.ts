/** Real containers seen and acted upon in a browser: one appears, is found, is opened, a shell in it is used, it is stopped. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { consoleFolder } from '@orchestrator/console';
import { createMonitorServer, loadMonitorConfig, type MonitorServer } from '@orchestrator/monitor';
import {
  busyboxImage,
  type DockerEngine,
  removeFolder,
  runCommand,
  type ServerProcess,
  startDocker,
  startProcess,
  temporaryFolder,
} from '@orchestrator/testing';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { accessibilityFaults } from './accessibility.ts';
import { type ConsoleBrowser, openConsole } from './browser.ts';

const orchestrator = fileURLToPath(new URL('../packages/cli/src/orchestrator/main.ts', import.meta.url));
const plugin = fileURLToPath(new URL('../packages/probe/examples', import.meta.url));
const shown = { timeout: 60_000 };
/** Must stay text wherever it is shown. */
const script =
  '<img src=x onerror="document.body.dataset.hit=1"><script>document.body.dataset.hit=1</script>';

let folder: string;
let engine: DockerEngine;
let image: string;
let monitor: MonitorServer;
let url: string;
let probe: ServerProcess;
let browser: ConsoleBrowser;

async function runContainer(name: string, ...options: readonly string[]): Promise<void> {
  const command = ['sh', '-c', 'echo "$EVIL"; exec sleep 100000'];
  const run = ['run', '--detach', `--name=${name}`, ...options, image, ...command];
  await runCommand('docker', ['--host', engine.dockerHost, ...run]);
}

beforeAll(async () => {
  folder = await temporaryFolder('e2e-topology');
  engine = await startDocker();
  image = await busyboxImage(engine, 'shop/web:1');
  const flags = { workDir: folder, 'http.port': 0, 'probes.port': 0, 'history.pictureEveryMs': 5_000 };
  monitor = await createMonitorServer({ config: loadMonitorConfig({ flags }), consoleFolder });
  const started = await monitor.start();
  url = started.url;
  const socket = `--sources.docker.socket=${engine.socketPath}`;
  const names = [
    '--host-id=alpha',
    '--host-name=alpha',
    '--metrics-port=0',
    '--no-process',
    '--no-connection',
    `--sources.plugin.folder=${join(folder, 'plugins')}`,
  ];
  probe = await startProcess({
    command: process.execPath,
    args: [orchestrator, 'probe', `127.0.0.1:${started.probePort}`, socket, ...names],
    logFile: join(folder, 'probe.log'),
  });
  await runContainer('steady', '--label=tier=store', `--label=evil=${script}`, `--env=EVIL=${script}`);
});

afterAll(async () => {
  probe.signal('SIGKILL');
  await probe.exit;
  await monitor.stop();
  await engine.close();
  await removeFolder(folder);
});

beforeEach(async () => {
  browser = await openConsole({ url });
  await logIn(browser.page);
});

afterEach(() => browser.close());

async function logIn(page: Page): Promise<void> {
  const password = (await readFile(join(folder, 'initial-admin-password'), 'utf8')).trim();
  await page.getByLabel('Account').fill('admin', shown);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation', { name: 'Views' }).waitFor(shown);
}

/** That nobody is logged in at first is told with a 401, which the browser notes. */
const faults = () => browser.failures.filter((failure) => !failure.includes('401'));

const graph = (page: Page) => page.getByTestId('graph');

/** Over the search, as one who knows the name does. */
async function open(page: Page, name: string): Promise<void> {
  await page.keyboard.press('/');
  await page.keyboard.type(name);
  await page.getByRole('option', { name: new RegExp(`^${name}( |$)`) }).click(shown);
  await page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name }).waitFor(shown);
}

test('a container appears, is found, opened, used through a shell, stopped, and goes', async () => {
  const { page, picture } = browser;
  await page.locator('[data-testid=graph][data-nodes="1"][data-painted]').waitFor(shown);
  await runContainer('fresh', '--label=tier=front', '--stop-signal=KILL');
  await page.locator('[data-testid=graph][data-nodes="2"]').waitFor(shown);
  await picture('topology');

  await page.getByLabel('Search and filter').fill('label.tier=front');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=graph][data-nodes="1"]').waitFor(shown);
  await expect.poll(() => new URL(page.url()).searchParams.get('q'), shown).toBe('label.tier=front');
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByLabel('Save what is shown as').fill('The front');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await page.locator('[data-testid=graph][data-nodes="2"]').waitFor(shown);
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'The front' }).click();
  await page.locator('[data-testid=graph][data-nodes="1"]').waitFor(shown);
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await page.locator('[data-testid=graph][data-nodes="2"]').waitFor(shown);

  await open(page, 'fresh');
  await page.getByText('2 running').waitFor(shown);
  await page.getByRole('region', { name: 'Metrics' }).getByText('Memory', { exact: true }).waitFor(shown);
  await picture('topology-details');
  await page.getByRole('button', { name: 'Exec shell' }).click();
  const screen = page.locator('.xterm-rows');
  await screen.getByText('/ #').first().waitFor(shown);
  await page.keyboard.type('echo sum $((40+2)); hostname\n');
  await screen.getByText('sum 42', { exact: true }).waitFor(shown);
  await picture('topology-shell');
  await page.reload();
  await screen.getByText('sum 42', { exact: true }).waitFor(shown);
  await page.getByRole('button', { name: 'Close fresh: Exec shell' }).click();

  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.locator('[data-testid=graph][data-nodes="1"]').waitFor(shown);
  await page.getByLabel('Stopped', { exact: true }).selectOption('both');
  await page.locator('[data-testid=graph][data-nodes="2"]').waitFor(shown);
  expect(faults()).toEqual([]);
});

test('the same as a table, as resources, and as it was', async () => {
  const { page, picture } = browser;
  await page.getByRole('radio', { name: 'Table' }).check();
  await page.getByRole('row', { name: /steady/ }).waitFor(shown);
  await page.getByLabel('Mark steady').check();
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('row', { name: /steady.*paused/ }).waitFor(shown);
  await page.getByLabel('Mark steady').check();
  await picture('topology-table');
  await page.getByRole('button', { name: 'Unpause' }).click();
  await page.getByRole('row', { name: /steady.*running/ }).waitFor(shown);
  await page.getByRole('radio', { name: 'Resources' }).check();
  await page.getByRole('heading', { name: /alpha/ }).waitFor(shown);
  await page.getByRole('button', { name: /^steady: / }).waitFor(shown);
  await picture('topology-resources');
  const slider = page.getByLabel('Time that is shown');
  await expect.poll(() => slider.isEnabled(), shown).toBe(true);
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('button', { name: 'Back to now' }).last().click(shown);
  await expect.poll(() => new URL(page.url()).searchParams.get('at'), shown).toBeNull();
  expect(faults()).toEqual([]);
});

test('a plugin is asked to do something, with what it needs to know, and says how it is', async () => {
  await mkdir(join(folder, 'plugins'), { recursive: true });
  const plugins = ['control', 'reporter'].map((kind) =>
    startProcess({
      command: process.execPath,
      args: [join(plugin, `plugin-${kind}.ts`), join(folder, 'plugins'), 'alpha'],
      logFile: join(folder, `plugin-${kind}.log`),
    }),
  );
  const { page, picture } = browser;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('row', { name: /^Notes alpha Left on hosts ok/ }).waitFor(shown);
  await page.getByRole('link', { name: 'Topology' }).click();
  await page
    .getByRole('navigation', { name: 'Views' })
    .getByRole('button', { name: /^Hosts/ })
    .click();
  await open(page, 'alpha');
  await page.getByRole('link', { name: /^https:\/\/www\.kernel\.org/ }).waitFor(shown);
  await page.getByRole('button', { name: 'Leave a note' }).click();
  await page.getByRole('textbox', { name: 'Note' }).fill('mind the gap');
  await picture('topology-plugin');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Notes' }).getByText('mind the gap').waitFor(shown);
  for (const each of await Promise.all(plugins)) {
    each.signal('SIGKILL');
    await each.exit;
  }
  expect(faults()).toEqual([]);
});

test('what containers say of themselves stays text', async () => {
  const { page } = browser;
  await page.locator('[data-testid=graph][data-painted]').waitFor(shown);
  await open(page, 'steady');
  await page.getByText(script, { exact: true }).first().waitFor(shown);
  expect(await page.evaluate('document.body.dataset.hit')).toBeUndefined();
  await page.getByRole('button', { name: 'Logs' }).click();
  await page.locator('.xterm-rows').getByText('document.body.dataset.hit').first().waitFor(shown);
  expect(await page.evaluate('document.body.dataset.hit')).toBeUndefined();
  await page.getByRole('button', { name: 'Close steady: Logs' }).click();
  await page.getByRole('button', { name: 'Files' }).click();
  await page.getByRole('row', { name: /^etc/ }).click(shown);
  await page.getByRole('row', { name: /^passwd/ }).click(shown);
  await page.getByText('root:x:0:0').waitFor(shown);
  await browser.picture('topology-files');
  const policy = (await page.request.get(url, { headers: { accept: 'text/html' } })).headers()[
    'content-security-policy'
  ];
  expect(policy).toContain("script-src 'self'");
  expect(faults()).toEqual([]);
});

test.each(['light', 'dark'] as const)('everybody can read it, also on a tablet: %s', async (theme) => {
  const { page, picture } = browser;
  await page.locator('[data-testid=graph][data-painted]').waitFor(shown);
  if (theme === 'dark') await page.getByRole('button', { name: 'Change to dark' }).click();
  expect(await accessibilityFaults(page)).toEqual([]);
  await open(page, 'steady');
  await page.getByRole('region', { name: 'Metrics' }).waitFor(shown);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.setViewportSize({ width: 820, height: 1_180 });
  await picture(`topology-tablet-${theme}`);
  // What is told of a node does not cover it.
  const [map, panel] = await Promise.all(
    [graph(page), page.getByRole('complementary', { name: 'Details' })].map((part) => part.boundingBox()),
  );
  expect(map?.height).toBeGreaterThan(300);
  expect(panel?.y).toBeGreaterThanOrEqual((map?.y ?? 0) + (map?.height ?? 0));
  await page.getByRole('button', { name: 'Close details' }).click();
  await graph(page).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('complementary', { name: 'Details' }).waitFor(shown);
  await page.getByRole('radio', { name: 'Table' }).check();
  await page.getByRole('row').nth(1).waitFor(shown);
  expect(await accessibilityFaults(page)).toEqual([]);
});
