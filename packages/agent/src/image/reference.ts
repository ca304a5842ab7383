/** Where an image is. Pure. */
import { registryOf } from '../docker/credentials.ts';

export interface ImageSource {
  /** `host/repository:tag` or `host/repository@digest`; of Docker Hub without the host, as skopeo takes it. */
  address: string;
  /** The address without tag and digest. */
  repository: string;
  /** Undefined with a tag. */
  digest: string | undefined;
  /** It is asked over plain HTTP too, as Docker Engine does on loopback. */
  isPlain: boolean;
}

const dockerHubs = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/**
 * @param name as Mesos has it: `repository`, with a registry before it, a tag or a digest behind it
 * @param defaultRegistry of names without one: `https://host:port` (Mesos' `--docker_registry`), `http://…` or a host alone
 */
export function imageSource(name: string, defaultRegistry: string): ImageSource {
  const [, scheme = '', defaultHost = ''] = /^(https?:\/\/)?([^/]*)/.exec(defaultRegistry) ?? [];
  const isBare = registryOf(name) === 'docker.io' && !name.startsWith('docker.io/');
  const host = isBare ? defaultHost : registryOf(name);
  const prefix = isBare && !dockerHubs.has(defaultHost) ? `${defaultHost}/` : '';
  const [tagged = '', digest] = `${prefix}${name}`.split('@');
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  const repository = hasTag ? tagged.slice(0, colon) : tagged;
  const tag = hasTag ? tagged.slice(colon + 1) : 'latest';
  return {
    address: digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`,
    ...{ repository, digest },
    isPlain: loopback.test(host) || (isBare && scheme === 'http://'),
  };
}
