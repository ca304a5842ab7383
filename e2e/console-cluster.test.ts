/** A cluster seen and operated in a browser: its agents, a task with its log, why another cannot start, a drain. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consoleFolder } from '@orchestrator/console';
import { createMonitorServer, loadMonitorConfig, type MonitorServer } from '@orchestrator/monitor';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibilityFaults } from './accessibility.ts';
import { type ConsoleBrowser, openConsole } from './browser.ts';
import { type LocalCluster, startLocalCluster } from './local-cluster.ts';

const shown = { timeout: 60_000 };

let folder: string;
let cluster: LocalCluster;
let monitor: MonitorServer;
let browser: ConsoleBrowser;

beforeAll(async () => {
  folder = await temporaryFolder('e2e-console');
  cluster = await startLocalCluster(
    ...['--masters=1', '--agents=2', '--agent-resources=cpus:2;mem:1024;disk:1024;ports:[31000-31099]'],
  );
  const config = join(folder, 'monitor.yaml');
  const lines = [
    `workDir: "${join(folder, 'monitor')}"`,
    'http: { port: 0 }',
    'probes: { port: 0 }',
    'auth: { mode: "off" }',
    `cluster: { master: "${(await cluster.status()).leader}" }`,
  ];
  await writeFile(config, lines.join('\n'));
  monitor = await createMonitorServer({
    ...{ config: loadMonitorConfig({ file: config, env: {} }), consoleFolder },
  });
  const { url } = await monitor.start();
  browser = await openConsole({ url: `${url}/cluster` });
});

afterAll(async () => {
  await browser?.close();
  await monitor?.stop();
  await cluster?.[Symbol.asyncDispose]();
  await removeFolder(folder);
});

async function expectLooksRight(name: string): Promise<void> {
  await browser.picture(name);
  expect(await accessibilityFaults(browser.page)).toEqual([]);
}

test('a task is found, its log read, and its end seen', async () => {
  const { page } = browser;
  await page.getByText('2 take tasks').waitFor(shown);
  const command = 'echo "first line"; while :; do sleep 0.2; echo tick; done';
  const id = (
    await cluster.cli.run('run', '--detach', '--quiet', '--name=ticker', `--command=${command}`)
  ).stdout.trim();
  await page.getByRole('button', { name: '1 running' }).click(shown);
  await expectLooksRight('cluster-tasks');
  await page.getByRole('cell', { name: 'ticker' }).first().click(shown);
  const log = page.getByRole('region', { name: 'Text of /stdout' });
  await log.getByText(/first line[\s\S]*tick\ntick/).waitFor(shown);
  await expectLooksRight('cluster-task');
  await page.getByRole('button', { name: 'Kill…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click();
  await page.getByText('killed', { exact: true }).first().waitFor(shown);
  expect(await cluster.tasks()).toMatchObject([{ id, state: 'TASK_KILLED' }]);

  // Its framework, which nobody runs any more, would keep what was not acknowledged.
  await page.getByRole('link', { name: 'ticker' }).click();
  await page.getByRole('button', { name: 'Tear down…' }).click(shown);
  await page.getByLabel('Type ticker to go on').fill('ticker');
  await page.getByRole('dialog').getByRole('button', { name: 'Tear down' }).click();
  await page.getByText('This framework is not there (any more)').waitFor(shown);
});

test('what no agent meets is said, and by how much', async () => {
  const { page } = browser;
  await page.getByRole('tab', { name: 'Why pending' }).click();
  await page.getByLabel('Resources of one task').fill('cpus:8;mem:512');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByText('None of 2 agents could ever take it').waitFor(shown);
  await page.getByText(/Wanted 8; the most that is free 2, the most there is 2/).waitFor(shown);
  await expectLooksRight('cluster-pending');
});

test('an agent is drained, and takes tasks again', async () => {
  const { page } = browser;
  await page.getByRole('tab', { name: /^Agents/ }).click();
  await expectLooksRight('cluster-agents');
  await page.getByRole('table', { name: 'Agents' }).getByRole('row').nth(1).click();
  await page.getByRole('button', { name: 'Drain…' }).click(shown);
  await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
  await page.getByText('drained', { exact: true }).waitFor(shown);
  await page.getByRole('button', { name: 'Reactivate' }).click();
  await page.getByText('active', { exact: true }).waitFor(shown);
});

test('the other pages say what there is', async () => {
  const { page } = browser;
  for (const [tab, text] of [
    ['Frameworks', 'No framework has subscribed'],
    ['Roles and quota', 'Guaranteed'],
    ['Maintenance', 'No maintenance is planned'],
    ['Overview', 'Utilisation'],
  ] as const) {
    await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
    await page.getByText(text).first().waitFor(shown);
    await expectLooksRight(`cluster-${tab.split(' ')[0]?.toLowerCase()}`);
  }
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('No probe has reported').waitFor(shown);
  await expectLooksRight('settings-connected');
  await page.getByRole('tab', { name: 'Audit log' }).click();
  await page.getByRole('cell', { name: 'cluster.drain' }).waitFor(shown);
  await expectLooksRight('settings-audit');
  expect(browser.failures).toEqual([]);
});
