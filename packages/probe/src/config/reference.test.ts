import { readFileSync } from 'node:fs';
import { schemaToMarkdown } from '@orchestrator/runtime/config-reference';
import { expect, it } from 'vitest';
import { loadProbeConfig, probeUsage } from './load.ts';
import { probeConfigSchema } from './schema.ts';

it('docs/monitor/probe.md has every key', () => {
  const page = readFileSync(new URL('../../../../docs/monitor/probe.md', import.meta.url), 'utf8');
  expect(page).toContain(schemaToMarkdown(probeConfigSchema));
  expect(probeUsage()).toContain('--sources.docker.stoppedLimit');
});

it('flags may be short, repeated, or apps by themselves', () => {
  const args = ['a:1', '--app=https://b', '--no-docker', '--mesos', '--token-file', '/t', '--host-shell'];
  const config = loadProbeConfig(args, { ORCHESTRATOR_PROBE_LOG_LEVEL: 'warn' });
  expect(config).toMatchObject({ apps: ['a:1', 'https://b'], token: { file: '/t' }, hostShell: true });
  expect(config?.sources.docker.enabled).toBe(false);
  expect(config?.sources.mesos).toMatchObject({ enabled: true, agent: 'http://127.0.0.1:5051' });
  expect(config?.log.level).toBe('warn');
  expect(loadProbeConfig(['--help'], {})).toBeUndefined();
});

it.each([
  [['-'], /no flag/],
  [['--host-id'], /has no value/],
  [['--apps=ftp://x'], /apps/],
  [['--kubernetes', '--sources.kubernetes.lease=one'], /expected namespace\/name/],
  [['--token-file=/a', '--token-env=B'], /exactly one of file and env/],
])('%j is refused', (args, why) => {
  expect(() => loadProbeConfig(args, {})).toThrow(why);
});
