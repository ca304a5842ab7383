import type { Sighting } from '@orchestrator/report';
import { type HostFacts, hostNodeId } from '../host/facts.ts';
import { type Container, parseLabels, shortImageId } from './inspect.ts';

export const imageNodeId = (imageId: string): string => `${imageId};<container_image>`;

/** Which controls there are. */
export interface Offered {
  readonly controls: boolean;
  readonly files: boolean;
}

/** What can be done with a container, by its state. */
export function controlsOf(state: string, { controls, files }: Offered): readonly string[] {
  if (!controls) return [];
  const ofFiles = ['docker_list_files', 'docker_read_file', 'docker_download_file'];
  const always = ['docker_logs_container', ...(files ? ofFiles : [])];
  switch (state) {
    case 'running':
      return [
        ...always,
        'docker_restart_container',
        'docker_stop_container',
        'docker_pause_container',
        'docker_attach_container',
        'docker_exec_container',
      ];
    case 'paused':
      return [...always, 'docker_unpause_container'];
    case 'restarting':
      return [...always, 'docker_stop_container'];
    case 'created':
    case 'exited':
    case 'dead':
      return [...always, 'docker_start_container', 'docker_remove_container'];
    default:
      return always;
  }
}

const prefixed = (prefix: string, values: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]);

/** Addresses of a container are its host's own business, unless it shares the host's network. */
const scoped = (host: HostFacts, address: string) => `${host.hostId};${address}`;

/** Kubernetes says in labels whose a container is. */
function podOf({ labels }: Container): { pod?: string[] } {
  const uid = labels['io.kubernetes.pod.uid'];
  return uid === undefined ? {} : { pod: [`${uid};<pod>`] };
}

export function describeContainer(host: HostFacts, container: Container, offered: Offered): Sighting {
  const isUp = container.state === 'running' || container.state === 'paused';
  return {
    latest: {
      docker_container_id: container.id,
      docker_container_name: container.name,
      docker_container_created: container.created,
      docker_container_command: container.command,
      docker_container_hostname: container.hostname,
      docker_container_state: container.state,
      docker_container_health: container.health,
      docker_container_started: isUp ? container.startedAt : undefined,
      docker_container_exit_code: isUp ? undefined : container.exitCode?.toString(),
      docker_container_restart_count: String(container.restartCount),
      docker_container_network_mode: container.networkMode,
      docker_container_pid: isUp ? String(container.pid) : undefined,
      docker_image_id: container.imageId,
      docker_image_name: container.imageName,
      host_node_id: hostNodeId(host),
      ...Object.fromEntries(prefixed('docker_label_', container.labels)),
      ...Object.fromEntries(prefixed('docker_env_', container.environment)),
    },
    sets: {
      docker_container_networks: container.networks,
      docker_container_ips: container.addresses,
      docker_container_ips_with_scopes: container.addresses.map((address) => scoped(host, address)),
      docker_container_ports: container.ports,
      docker_container_mounts: container.mounts,
    },
    parents: {
      host: [hostNodeId(host)],
      container_image: [imageNodeId(container.imageId)],
      ...podOf(container),
    },
    controls: controlsOf(container.state, offered),
  };
}

/** An entry of `GET /images/json`; undefined for what is none. */
export function describeImage(
  host: HostFacts,
  json: unknown,
  { showSecrets }: { readonly showSecrets: boolean },
): { id: string; sighting: Sighting } | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const id = shortImageId(String(Reflect.get(json, 'Id') ?? ''));
  const tags: unknown = Reflect.get(json, 'RepoTags');
  const labels = parseLabels(Reflect.get(json, 'Labels'), showSecrets);
  if (id === '') return undefined;
  const first = Array.isArray(tags) ? String(tags[0] ?? '') : '';
  const [name, tag] = splitTag(first === '<none>:<none>' ? '' : first);
  return {
    id: imageNodeId(id),
    sighting: {
      latest: {
        docker_image_id: id,
        docker_image_name: name || undefined,
        docker_image_tag: tag || undefined,
        docker_image_size: String(Reflect.get(json, 'Size') ?? 0),
        host_node_id: hostNodeId(host),
        ...Object.fromEntries(prefixed('docker_image_label_', labels)),
      },
      parents: { host: [hostNodeId(host)] },
    },
  };
}

/** A colon before the last slash belongs to the registry's port. */
function splitTag(reference: string): [string, string] {
  const at = reference.lastIndexOf(':');
  return at > reference.lastIndexOf('/')
    ? [reference.slice(0, at), reference.slice(at + 1)]
    : [reference, ''];
}
