import { readFileSync } from 'node:fs';
import { ProbeError } from '../errors.ts';
import type { Source } from '../source.ts';
import type { DaemonContext } from './context.ts';
import { readSecret } from './secrets.ts';

/** What a pod is given to speak with its cluster. */
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined; // we are not in a pod
  }
}

/** The API server is told by the configuration, or by what every pod is given. */
export async function kubernetes({ config, environment }: DaemonContext): Promise<Source> {
  const { api, token, ca, lease, controls } = config.sources.kubernetes;
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const inPod = host === undefined ? undefined : `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const url = api ?? inPod;
  if (url === undefined)
    throw new ProbeError('the Kubernetes API server is not known: this is no pod', {
      code: 'config',
      remedy: 'set sources.kubernetes.api',
    });
  const [namespace = '', name = ''] = lease.split('/');
  const pem = ca === undefined ? readIfThere(`${serviceAccount}/ca.crt`) : readFileSync(ca, 'utf8');
  const { kubernetesSource } = await import('../kubernetes/source.ts');
  return kubernetesSource({
    ...{ api: url, controls, lease: { namespace, name } },
    ...(pem === undefined ? {} : { ca: pem }),
    // Kubernetes replaces it each hour.
    token: () =>
      token === undefined ? readIfThere(`${serviceAccount}/token`) : readSecret(token, environment),
  });
}
