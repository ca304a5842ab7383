import type { Template } from '@orchestrator/report';
import { metadata, metric, set, topology } from '../template.ts';

export const hostTemplates: readonly Template[] = [
  topology('circle', 'host'),
  metadata('kernel_version', 'Kernel version', 1),
  metadata('host_started', 'Started', 2, 'datetime'),
  metadata('host_cores', 'Processors', 3, 'number'),
  metadata('host_name', 'Hostname', 11),
  metadata('os', 'OS', 12),
  set('local_networks', 'Local networks', 13),
  set('host_interfaces', 'Interfaces', 14),
  set('host_disks', 'Disks', 15),
  metric('host_cpu_usage_percent', 'CPU', 1, 'percent'),
  metric('host_mem_usage_bytes', 'Memory', 2, 'filesize'),
  metric('load1', 'Load (1m)', 11, '', 'load'),
  metric('load5', 'Load (5m)', 12, '', 'load'),
  metric('load15', 'Load (15m)', 13, '', 'load'),
  metric('host_network_in_bytes_per_s', 'Network in', 3, 'rate', 'network'),
  metric('host_network_out_bytes_per_s', 'Network out', 4, 'rate', 'network'),
  metric('host_disk_read_bytes_per_s', 'Disk read', 5, 'rate', 'disk'),
  metric('host_disk_write_bytes_per_s', 'Disk written', 6, 'rate', 'disk'),
  metric('host_disk_used_percent', 'Disk used', 7, 'percent'),
];
