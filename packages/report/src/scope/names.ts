/** Members of Scope's report and the topologies they are. */
const members: ReadonlyMap<string, string> = new Map(
  [
    'Endpoint',
    'Process',
    'Container',
    'Pod',
    'Service',
    'Deployment',
    'ReplicaSet',
    'DaemonSet',
    'StatefulSet',
    'CronJob',
    'Namespace',
    'ContainerImage',
    'Host',
    'ECSTask',
    'ECSService',
    'SwarmService',
    'Overlay',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'StorageClass',
    'VolumeSnapshot',
    'VolumeSnapshotData',
    'Job',
  ].map((member) => [member, snakeCase(member)]),
);

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

export const topologyOfMember = (member: string): string | undefined => members.get(member);
export const memberNames: readonly string[] = [...members.keys()];
