/** An etcd that speaks TLS only and lets in whom its authority has certified. */
import { join } from 'node:path';
import { freePorts, startProcess, testCertificates, waitFor } from '@orchestrator/testing';

export interface TlsEtcd {
  /** Lines of a server's configuration, with everything it takes to be let in. */
  readonly storeLines: readonly string[];
  close(): Promise<void>;
}

export async function startTlsEtcd(folder: string): Promise<TlsEtcd> {
  const { caFile, server, client } = await testCertificates();
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const [url, peer] = [`https://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const etcd = await startProcess({
    command: 'etcd',
    args: [
      ...['--data-dir', join(folder, 'etcd'), '--name', 'a', '--initial-cluster', `a=${peer}`],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--cert-file', server.certificateFile, '--key-file', server.keyFile],
      ...['--client-cert-auth', '--trusted-ca-file', caFile],
    ],
    logFile: join(folder, 'etcd.log'),
  });
  await waitFor(() => etcd.ended === undefined, { what: 'etcd' });
  return {
    storeLines: [
      'store:',
      `  url: etcd://127.0.0.1:${clientPort}/zk-migrate`,
      `  ca: "${caFile}"`,
      `  cert: "${client.certificateFile}"`,
      `  key: "${client.keyFile}"`,
    ],
    async close() {
      etcd.signal('SIGKILL');
      await etcd.exit;
    },
  };
}
