/** A certificate authority for tests, made once per process with the openssl command. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Files in PEM: an unencrypted PKCS#8 key, its certificate followed by the authority's, and both in one file. */
export interface Identity {
  keyFile: string;
  certificateFile: string;
  /** Key and chain together, which is what ZooKeeper calls a PEM key store. */
  storeFile: string;
}

export interface Certificates {
  caFile: string;
  /** For localhost, ::1 and 127.0.0.1 to 127.0.0.9, subject `CN=server`. */
  server: Identity;
  /** Subject `CN=client`. */
  client: Identity;
  /** Subject `CN=stranger`, signed by an authority that nobody trusts. */
  stranger: Identity;
}

const loopbackAddresses = Array.from({ length: 9 }, (_, index) => `127.0.0.${index + 1}`);
const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

async function makeAuthority(folder: string, name: string): Promise<string[]> {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ['-subj', `/CN=${name}`, '-days', '30'];
  await runCommand('openssl', ['req', '-x509', ...ecKey, ...subject, '-keyout', key, '-out', certificate]);
  return ['-CA', certificate, '-CAkey', key];
}

async function makeIdentity(folder: string, name: string, authority: string[]): Promise<Identity> {
  const [keyFile, certificateFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const extensions = [
    `subjectAltName=DNS:localhost,IP:::1,${loopbackAddresses.map((address) => `IP:${address}`).join(',')}`,
    'basicConstraints=critical,CA:FALSE',
    'extendedKeyUsage=serverAuth,clientAuth',
  ].flatMap((extension) => ['-addext', extension]);
  const subject = ['-subj', `/CN=${name}`, '-days', '30', ...extensions];
  const files = ['-keyout', keyFile, '-out', certificateFile];
  await runCommand('openssl', ['req', '-x509', ...authority, ...ecKey, ...subject, ...files]);
  const [key, own, ca] = await Promise.all(
    [keyFile, certificateFile, authority[1] ?? ''].map((file) => readFile(file, 'utf8')),
  );
  const storeFile = join(folder, `${name}-store.pem`);
  await writeFile(certificateFile, `${own}${ca}`);
  await writeFile(storeFile, `${key}${own}${ca}`);
  return { keyFile, certificateFile, storeFile };
}

async function makeAll(): Promise<Certificates> {
  const folder = await temporaryFolder('certificates');
  const [authority, otherAuthority] = await Promise.all([
    makeAuthority(folder, 'ca'),
    makeAuthority(folder, 'other-ca'),
  ]);
  const [server, client, stranger] = await Promise.all([
    makeIdentity(folder, 'server', authority),
    makeIdentity(folder, 'client', authority),
    makeIdentity(folder, 'stranger', otherAuthority),
  ]);
  return { caFile: join(folder, 'ca.pem'), server, client, stranger };
}

let made: Promise<Certificates> | undefined;

/** @throws TestingError `MissingProgram` without openssl */
export function testCertificates(): Promise<Certificates> {
  made ??= makeAll();
  return made;
}
