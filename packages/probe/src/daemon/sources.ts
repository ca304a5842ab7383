import { connectionSource } from '../connection/source.ts';
import { dockerSource } from '../docker/source.ts';
import { hostShellSource } from '../host/shell.ts';
import { hostSource } from '../host/source.ts';
import { pluginSource } from '../plugin/source.ts';
import { processSource } from '../process/source.ts';
import type { Source } from '../source.ts';
import type { DaemonContext } from './context.ts';
import { kubernetes } from './kubernetes.ts';
import { readSecret } from './secrets.ts';

/** The sources that are on. Those that few hosts have are loaded only where they are. */
export async function sourcesOf(context: DaemonContext): Promise<Source[]> {
  const { config } = context;
  const { sources: given, showSecrets } = config;
  const { host, process, docker, connection, plugin } = given;
  const sources: Source[] = [];
  if (host.enabled) sources.push(hostSource());
  if (config.hostShell) sources.push(hostShellSource());
  if (process.enabled) sources.push(processSource({ ...process, showSecrets }));
  if (docker.enabled) sources.push(dockerSource({ ...docker, socketPath: docker.socket, showSecrets }));
  if (connection.enabled) sources.push(connectionSource(connection));
  if (plugin.enabled) sources.push(pluginSource(plugin));
  if (given.mesos.enabled) sources.push(await mesos(context));
  if (given.zookeeper.enabled) sources.push(await zookeeper(context));
  if (given.kubernetes.enabled) sources.push(await kubernetes(context));
  return sources;
}

async function mesos({ config, environment }: DaemonContext): Promise<Source> {
  const { principal, secret, ...options } = config.sources.mesos;
  const { mesosSource } = await import('../mesos/source.ts');
  const authorization = () => {
    if (secret === undefined) return undefined;
    const value = readSecret(secret, environment);
    return principal === undefined ? `Bearer ${value}` : `Basic ${btoa(`${principal}:${value}`)}`;
  };
  return mesosSource({ ...options, authorization });
}

async function zookeeper({ config, environment }: DaemonContext): Promise<Source> {
  const { coordinator, token, ...options } = config.sources.zookeeper;
  const { zookeeperSource } = await import('../zookeeper/source.ts');
  return zookeeperSource({
    ...options,
    ...(coordinator === undefined ? {} : { coordinator }),
    token: () => (token === undefined ? undefined : readSecret(token, environment)),
  });
}
