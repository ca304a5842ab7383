/** A master over TLS: agents, frameworks and operators on one port, and bearer tokens that somebody else signed. */
import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFixedDetector, createMasterClient, master as masterApi, readTls } from '@orchestrator/mesos';
import {
  type Certificates,
  removeFolder,
  temporaryFolder,
  testCertificates,
  waitFor,
} from '@orchestrator/testing';
import { Agent as Dispatcher } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';

const secret = 'a key that only the issuer has';

let certificates: Certificates;
let folder: string;
let master: OneMaster;
let dispatcher: Dispatcher;

/** As operators of Mesos have it: in the environment. */
const environmentOf = ({ server, caFile }: Certificates) => ({
  LIBPROCESS_SSL_ENABLED: '1',
  LIBPROCESS_SSL_KEY_FILE: server.keyFile,
  LIBPROCESS_SSL_CERT_FILE: server.certificateFile,
  LIBPROCESS_SSL_CA_FILE: caFile,
  LIBPROCESS_SSL_VERIFY_SERVER_CERT: '1',
});

beforeAll(async () => {
  certificates = await testCertificates();
  folder = await temporaryFolder('tls');
  const keyFile = join(folder, 'jwt.key');
  await writeFile(keyFile, `${secret}\n`);
  const flags = { jwt_secret_key: keyFile, authenticate_http_readwrite: 'true' };
  master = await startMaster(flags, { environment: environmentOf(certificates) });
  dispatcher = new Dispatcher({ connect: { ca: await readFile(certificates.caFile) } });
});

afterAll(async () => {
  await dispatcher?.close();
  await master?.[Symbol.asyncDispose]();
  await removeFolder(folder);
});

function token(claims: object): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
}

test('agents and frameworks, and what offers say of it', async () => {
  const environment = environmentOf(certificates);
  const settings = new Map(
    Object.entries(environment).map(([name, value]) => [
      name.replace('LIBPROCESS_', '').toLowerCase(),
      value,
    ]),
  );
  const tls = await readTls((setting) => settings.get(setting));
  await using agent = await SimulatedAgent.start({ tls });
  agent.register(master.service.info?.pid ?? '');
  const detector = createFixedDetector({ host: master.host, port: master.port });
  await using framework = new TestFramework({ detector, transport: { scheme: 'https', dispatcher } });
  const offer = await framework.offer();
  expect(offer.url?.scheme).toBe('https');
  await framework.launch(offer, 't1');
  await framework.areRunning('t1');
  await waitFor(() => agent.acknowledged.length === 1, { what: 'the acknowledgement' });
});

test('nobody is served without TLS', async () => {
  await expect(fetch(`http://${master.host}:${master.port}/health`)).rejects.toThrow();
});

test('a token that is signed with the key says who asks', async () => {
  const call = (claims: object | undefined) =>
    createMasterClient({
      detector: createFixedDetector({ host: master.host, port: master.port }),
      ...{ scheme: 'https', dispatcher },
      ...(claims === undefined ? {} : { authorization: `Bearer ${token(claims)}` }),
    }).call({ type: masterApi.Call_Type.GET_HEALTH });
  await expect(call({ sub: 'ops' })).resolves.toMatchObject({ getHealth: { healthy: true } });
  await expect(call({ sub: 'ops', exp: 1 })).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(call(undefined)).rejects.toMatchObject({ code: 'unauthenticated' });
});
