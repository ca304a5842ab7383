import type { Template } from '@orchestrator/report';
import { metadata, metric, set, table, topology } from '../template.ts';

export const taskTemplates: readonly Template[] = [
  topology('hexagon', 'task'),
  metadata('mesos_state', 'State', 1),
  metadata('mesos_healthy', 'Healthy', 2),
  metadata('mesos_role', 'Role', 3),
  metadata('mesos_started', 'Started', 4, 'datetime'),
  metadata('mesos_cpus', 'CPUs', 5, 'number'),
  metadata('mesos_mem_mb', 'Memory (MB)', 6, 'number'),
  metadata('mesos_disk_mb', 'Disk (MB)', 7, 'number'),
  metadata('mesos_gpus', 'GPUs', 8, 'number'),
  metadata('mesos_ports', 'Ports', 9),
  set('mesos_ips', 'IPs', 10),
  metadata('mesos_task_id', 'Task ID', 11),
  metadata('mesos_executor_id', 'Executor ID', 12),
  metadata('mesos_agent_id', 'Agent ID', 13),
  metadata('mesos_container_id', 'Container ID', 14),
  metadata('mesos_sandbox', 'Sandbox', 15),
  table('mesos_label_', 'Labels'),
];

export const agentTemplates: readonly Template[] = [
  topology('circle', 'agent'),
  metadata('mesos_address', 'Address', 1),
  metadata('mesos_active', 'Active', 2),
  metadata('mesos_version', 'Version', 3),
  metadata('mesos_agent_id', 'Agent ID', 4),
  metric('mesos_cpus_allocated', 'CPUs allocated', 1, ''),
  metric('mesos_mem_allocated', 'Memory allocated', 2, 'filesize'),
  metric('mesos_disk_allocated', 'Disk allocated', 3, 'filesize'),
  metric('mesos_gpus_allocated', 'GPUs allocated', 4, ''),
  table('mesos_attribute_', 'Attributes'),
];

export const frameworkTemplates: readonly Template[] = [
  topology('heptagon', 'framework'),
  metadata('mesos_active', 'Active', 1),
  set('mesos_roles', 'Roles', 2),
  metadata('mesos_user', 'User', 3),
  metadata('mesos_principal', 'Principal', 4),
  metadata('mesos_scheduler', 'Scheduler', 5),
  metadata('mesos_web_url', 'Web page', 6, 'link'),
  metadata('mesos_framework_id', 'Framework ID', 7),
];

export const appTemplates: readonly Template[] = [
  topology('heptagon', 'app'),
  metadata('marathon_instances', 'Instances', 1, 'number'),
  metadata('marathon_running', 'Running', 2, 'number'),
  metadata('marathon_healthy', 'Healthy', 3, 'number'),
  metadata('marathon_unhealthy', 'Unhealthy', 4, 'number'),
  metadata('marathon_image', 'Image', 5),
  metadata('marathon_command', 'Command', 6),
  metadata('marathon_cpus', 'CPUs', 7, 'number'),
  metadata('marathon_mem_mb', 'Memory (MB)', 8, 'number'),
  metadata('marathon_version', 'Version', 9),
  table('marathon_label_', 'Labels'),
];
