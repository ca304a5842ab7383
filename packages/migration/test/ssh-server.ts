/** A real sshd on loopback for one test: its own keys, its own port, no passwords. */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePorts, waitFor } from '@orchestrator/testing';
import { isListening } from '../src/ensemble/four-letter.ts';

export interface SshServer {
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  close(): Promise<void>;
}

const daemon = '/usr/sbin/sshd';

/** @throws Error when there is no sshd; scripts/setup installs it */
export async function startSshServer(folder: string): Promise<SshServer> {
  const [port = 0] = await freePorts(1);
  const file = (name: string) => join(folder, name);
  for (const name of ['host-key', 'user-key'])
    execFileSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  copyFileSync(file('user-key.pub'), file('authorized_keys'));
  const hostKey = readFileSync(file('host-key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${port} ${hostKey}\n`);
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host-key')}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    `PidFile ${file('sshd.pid')}`,
    'PasswordAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
  ];
  writeFileSync(file('sshd_config'), `${lines.join('\n')}\n`);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const child = spawn(daemon, ['-D', '-e', '-f', file('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  const listens = waitFor(async () => (await isListening({ host: '127.0.0.1', port })) || undefined, {
    what: () => `sshd to listen: ${errors}`,
    intervalMs: 20,
  });
  await Promise.race([listens, ended.then(() => Promise.reject(new Error(`sshd ended: ${errors}`)))]);
  return {
    port,
    user: userInfo().username,
    identityFile: file('user-key'),
    knownHostsFile: file('known_hosts'),
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
