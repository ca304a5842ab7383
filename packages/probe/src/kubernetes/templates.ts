import type { Template } from '@orchestrator/report';
import { control, metadata, set, table, topology } from '../template.ts';

const base = (label: string, plural?: string): Template[] => [
  topology('heptagon', label, plural),
  metadata('kubernetes_namespace', 'Namespace', 1),
  metadata('kubernetes_created', 'Created', 20, 'datetime'),
  table('kubernetes_labels_', 'Kubernetes labels'),
];

const scaling: readonly Template[] = [
  control('kubernetes_scale_down', 'Scale down', 'fa fa-minus', 0),
  control('kubernetes_scale_up', 'Scale up', 'fa fa-plus', 1),
  metadata('kubernetes_desired_replicas', 'Desired replicas', 2, 'number'),
  metadata('kubernetes_ready_replicas', 'Ready replicas', 3, 'number'),
];

export const kubernetesTemplates: Readonly<Record<string, readonly Template[]>> = {
  pod: [
    ...base('pod'),
    metadata('kubernetes_state', 'State', 2),
    metadata('kubernetes_ready', 'Ready', 3),
    metadata('kubernetes_ip', 'IP', 4, 'ip'),
    metadata('kubernetes_restart_count', 'Restart #', 5, 'number'),
    metadata('kubernetes_node_name', 'Node', 6),
    set('kubernetes_containers', 'Containers', 7),
    control('kubernetes_get_logs', 'Logs', 'fa fa-file-alt', 0),
    control('kubernetes_delete_pod', 'Delete', 'far fa-trash-alt', 1, 'Delete this pod?'),
  ],
  service: [
    ...base('service'),
    metadata('kubernetes_type', 'Type', 2),
    metadata('kubernetes_ip', 'Internal IP', 3, 'ip'),
    metadata('kubernetes_public_ip', 'Public IP', 4),
    set('kubernetes_ports', 'Ports', 5),
  ],
  deployment: [...base('deployment'), ...scaling],
  stateful_set: [...base('stateful set'), ...scaling],
  daemon_set: [
    ...base('daemon set'),
    metadata('kubernetes_desired_replicas', 'Desired replicas', 2, 'number'),
    metadata('kubernetes_ready_replicas', 'Ready replicas', 3, 'number'),
  ],
  job: [
    ...base('job'),
    metadata('kubernetes_active', 'Active', 2, 'number'),
    metadata('kubernetes_succeeded', 'Succeeded', 3, 'number'),
    metadata('kubernetes_failed', 'Failed', 4, 'number'),
  ],
  cron_job: [
    ...base('cron job'),
    metadata('kubernetes_schedule', 'Schedule', 2),
    metadata('kubernetes_suspended', 'Suspended', 3),
    metadata('kubernetes_last_scheduled', 'Last scheduled', 4, 'datetime'),
  ],
  namespace: [...base('namespace'), metadata('kubernetes_state', 'State', 2)],
  host: [
    metadata('kubernetes_node_ready', 'Kubernetes: ready', 21),
    metadata('kubernetes_kubelet_version', 'Kubernetes: kubelet', 22),
    metadata('kubernetes_runtime', 'Kubernetes: runtime', 23),
    table('kubernetes_labels_', 'Kubernetes labels'),
  ],
};
