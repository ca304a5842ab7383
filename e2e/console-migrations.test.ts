/** A migration seen and steered in a browser: a conflict is decided, a phase approved, everything is read afterwards. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consoleFolder } from '@orchestrator/console';
import { createMonitorServer, loadMonitorConfig, type MonitorServer } from '@orchestrator/monitor';
import { type Ensemble, removeFolder, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Leftovers, watchLeftovers } from '../scripts/demo/leftovers.ts';
import { accessibilityFaults } from './accessibility.ts';
import { type ConsoleBrowser, openConsole } from './browser.ts';
import { deployLocally, type MigrationFile, writeMigrationFile } from './migration-file.ts';
import { type ZkMigrate, zkMigrate } from './zk-migrate.ts';

const token = 'token-of-the-monitor';
const patience = { timeout: 60_000, interval: 50 };
const shown = { timeout: 60_000 };

interface Status {
  readonly live: { readonly sync: { readonly state: string } | null };
}

let folder: string;
let leftovers: Leftovers;
let source: Ensemble;
let cli: ZkMigrate;
let file: MigrationFile;
let monitor: MonitorServer | undefined;
let browser: ConsoleBrowser | undefined;
const clients: ZooKeeperClient[] = [];

beforeEach(async () => {
  folder = await temporaryFolder('e2e-console');
  leftovers = watchLeftovers(folder);
  source = await startEnsemble({ servers: 3 });
  file = await writeMigrationFile({
    ...{ folder, source, target: await deployLocally(folder) },
    lines: ['  sync: { conflict_resolution: "manual" }'],
  });
  cli = zkMigrate({ workFolder: join(folder, 'work') });
});

afterEach(async () => {
  await browser?.close();
  await monitor?.stop();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await cli.run('stop');
  await cli.close();
  await leftovers.remove();
  await source.close();
  await removeFolder(folder);
});

async function clientOf(connectString: string): Promise<ZooKeeperClient> {
  const client = await connect({ connectString });
  clients.push(client);
  return client;
}

async function serve(): Promise<string> {
  await writeFile(join(folder, 'token'), token);
  const config = join(folder, 'server.yaml');
  const lines = [
    'tokens:',
    `  - { name: monitor, role: admin, token: { file: "${join(folder, 'token')}" } }`,
  ];
  await writeFile(config, lines.join('\n'));
  const server = cli.start('serve', `--config=${config}`);
  const address = /http:\/\/127\.0\.0\.1:\d+/;
  await expect.poll(() => server.text(), patience).toMatch(address);
  return address.exec(server.text())?.[0] ?? '';
}

async function watch(coordinatorUrl: string): Promise<string> {
  const config = join(folder, 'monitor.yaml');
  const lines = [
    `workDir: "${join(folder, 'monitor')}"`,
    'http: { port: 0 }',
    'probes: { port: 0 }',
    'auth: { mode: "off" }',
    'migrations:',
    '  coordinators:',
    `    - { name: main, url: "${coordinatorUrl}", token: { file: "${join(folder, 'token')}" } }`,
  ];
  await writeFile(config, lines.join('\n'));
  monitor = await createMonitorServer({
    ...{ config: loadMonitorConfig({ file: config, env: {} }), consoleFolder },
  });
  return (await monitor.start()).url;
}

/** What the two sides write to one node before either knows of the other. */
async function disagree(id: string, onA: ZooKeeperClient, onB: ZooKeeperClient): Promise<void> {
  await cli.run('pause', `--migration-id=${id}`);
  // The command asks for it; what is under way is carried to its end first.
  const engine = async () => (await cli.json<Status>('status', `--migration-id=${id}`)).live.sync?.state;
  await expect.poll(engine, patience).toBe('paused');
  await onA.setData('/app/owner', 'the old side');
  await onB.setData('/app/owner', 'the new side');
  await cli.run('resume', `--migration-id=${id}`);
}

test('a conflict is decided, a phase approved, and the records are read', async () => {
  const onA = await clientOf(source.connectString);
  await onA.create('/app', 'x');
  await onA.create('/app/owner', 'nobody');
  const coordinator = await serve();
  browser = await openConsole({ url: `${await watch(coordinator)}/migrations` });
  const { page, picture } = browser;
  await page.getByText('No migration has been planned').waitFor(shown);

  const [from, to] = [`--source-zk=${source.connectString}`, `--target-zk=${file.targetConnectString}`];
  const started = cli.start('start', from, to, `--config=${file.file}`);
  await page.getByRole('link', { name: 'e2e' }).click(shown);
  await page.getByRole('heading', { name: 'e2e' }).waitFor(shown);
  await page.getByRole('button', { name: 'Approve phase 6' }).waitFor(shown);
  await page.getByRole('region', { name: 'Old to new' }).getByText('no change yet').waitFor(shown);
  await onA.setData('/app', 'y');
  await page.getByRole('region', { name: 'Old to new' }).locator('canvas').waitFor(shown);
  await page.getByText('1 of 1 servers serve').waitFor(shown);
  await page.getByRole('region', { name: 'Lag since the beginning' }).locator('canvas').waitFor(shown);
  await picture('migration');
  expect(await accessibilityFaults(page)).toEqual([]);

  const id = /migration ([0-9a-f]{8})/.exec(started.text())?.[1] ?? '';
  const onB = await clientOf(file.targetConnectString);
  await expect.poll(async () => (await onB.exists('/app/owner')).stat, patience).not.toBeNull();
  await disagree(id, onA, onB);
  await page.getByRole('tab', { name: 'Conflicts 1' }).click(shown);
  await page.getByRole('cell', { name: '/app/owner' }).click(shown);
  const dialog = page.getByRole('dialog', { name: '/app/owner' });
  await dialog.getByText('the old side', { exact: true }).waitFor(shown);
  await dialog.getByText('the new side', { exact: true }).waitFor(shown);
  await picture('migration-conflict');
  await dialog.getByRole('button', { name: 'Keep the new side’s' }).click();
  await expect
    .poll(async () => String((await onA.getData('/app/owner')).data), patience)
    .toBe('the new side');
  await page.getByText('new side won').first().waitFor(shown);

  await onA.close();
  await page.getByRole('button', { name: 'Approve phase 6' }).click(shown);
  await page.getByRole('dialog').getByRole('button', { name: 'Approve phase 6' }).click();
  await page.getByText('completed', { exact: true }).waitFor(shown);
  expect((await started.ended).exitCode).toBe(0);

  await page.getByRole('tab', { name: 'Audit log' }).click();
  await page.getByRole('cell', { name: 'conflict resolved' }).first().waitFor(shown);
  await page.getByRole('button', { name: 'Prove it intact' }).click();
  await page.getByText('entries are exactly as they were written').waitFor(shown);
  await page.getByRole('tab', { name: 'Report' }).click();
  await page.frameLocator('iframe').getByText('/app/owner').first().waitFor(shown);
  await picture('migration-report');
  expect(browser.failures).toEqual([]);
});
