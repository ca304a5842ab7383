import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { OrchestratorError } from './errors.ts';
import { createLogger, type LoggerOptions } from './logging.ts';
import { isSecretName } from './secrets.ts';

function capture(options: Partial<LoggerOptions> = {}) {
  const stream = new PassThrough();
  const logger = createLogger({ name: 'test', stream, ...options });
  return { logger, text: () => String(stream.read() ?? '') };
}

test('writes one JSON object a line', () => {
  const { logger, text } = capture();
  logger.child({ migration: 'm1' }).info('started', { zxid: 5n });
  const line = JSON.parse(text());
  expect(line).toMatchObject({ level: 'info', name: 'test', msg: 'started', migration: 'm1', zxid: '5' });
  expect(Date.parse(line.time)).toBeGreaterThan(0);
});

test('masks secrets by name at any depth, in children and in URLs', () => {
  const { logger, text } = capture();
  logger.child({ token: 'hunter2' }).info('x', {
    auth: { user: 'u', password: 'hunter2', list: [{ apiKey: 'hunter2' }] },
    store: 'etcd://u:hunter2@h:2379',
    raw: Buffer.from('hunter2'),
  });
  const line = text();
  expect(line).not.toContain('hunter2');
  expect(JSON.parse(line)).toMatchObject({ token: '***', store: 'etcd://u:***@h:2379', raw: '[7 bytes]' });
});

test('errors are written with code, cause and stack', () => {
  const { logger, text } = capture();
  const error = new OrchestratorError('no', { code: 'conflict', cause: new Error('inner') });
  logger.error('failed', { error });
  const line = JSON.parse(text());
  expect(line.error).toMatchObject({ code: 'conflict', message: 'no', cause: { message: 'inner' } });
  expect(line.error.stack).toContain('logging.test.ts');
});

test('the level holds and the pretty form is readable', () => {
  const { logger, text } = capture({ level: 'warn', format: 'pretty' });
  logger.info('hidden');
  logger.warn('seen', { path: '/a' });
  expect(text()).toMatch(/WARN.*seen[\s\S]*path: "\/a"/);
});

test('secret names are told from names that point to secrets', () => {
  for (const name of ['password', 'apiToken', 'tls.private_key', 'X-Secret', 'AUTHORIZATION']) {
    expect(isSecretName(name), name).toBe(true);
  }
  for (const name of ['keyFile', 'monkey', 'token_id', 'path', 'cluster'])
    expect(isSecretName(name), name).toBe(false);
});
