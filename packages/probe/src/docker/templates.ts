import type { Template } from '@orchestrator/report';
import { control, count, metadata, metric, set, table, topology } from '../template.ts';

export const containerTemplates: readonly Template[] = [
  topology('hexagon', 'container'),
  metadata('docker_image_name', 'Image name', 1),
  metadata('docker_image_tag', 'Image tag', 2),
  metadata('docker_container_command', 'Command', 3),
  metadata('docker_container_state', 'State', 4),
  metadata('docker_container_health', 'Health', 5),
  metadata('docker_container_started', 'Started', 6, 'datetime'),
  metadata('docker_container_restart_count', 'Restart #', 7, 'number'),
  set('docker_container_networks', 'Networks', 8),
  set('docker_container_ips', 'IPs', 9),
  set('docker_container_ports', 'Ports', 10),
  set('docker_container_mounts', 'Mounts', 11),
  metadata('docker_container_created', 'Created', 12, 'datetime'),
  metadata('docker_container_id', 'ID', 13, '', 12),
  metric('docker_cpu_total_usage', 'CPU', 1, 'percent'),
  metric('docker_memory_usage', 'Memory', 2, 'filesize'),
  metric('docker_network_in_bytes_per_s', 'Network in', 3, 'rate', 'network'),
  metric('docker_network_out_bytes_per_s', 'Network out', 4, 'rate', 'network'),
  metric('docker_block_read_bytes_per_s', 'Disk read', 5, 'rate', 'disk'),
  metric('docker_block_write_bytes_per_s', 'Disk written', 6, 'rate', 'disk'),
  table('docker_label_', 'Docker labels'),
  table('docker_env_', 'Environment variables'),
  control('docker_logs_container', 'Logs', 'fa fa-file-alt', 0),
  control('docker_attach_container', 'Attach', 'fa fa-desktop', 1),
  control('docker_exec_container', 'Exec shell', 'fa fa-terminal', 2),
  control('docker_start_container', 'Start', 'fa fa-play', 3),
  control('docker_restart_container', 'Restart', 'fa fa-redo', 4),
  control('docker_pause_container', 'Pause', 'fa fa-pause', 5),
  control('docker_unpause_container', 'Unpause', 'fa fa-play', 6),
  control('docker_stop_container', 'Stop', 'fa fa-stop', 7),
  control('docker_remove_container', 'Remove', 'far fa-trash-alt', 8, 'Remove this container?'),
];

export const imageTemplates: readonly Template[] = [
  topology('hexagon', 'image'),
  metadata('docker_image_name', 'Name', 1),
  metadata('docker_image_tag', 'Tag', 2),
  metadata('docker_image_size', 'Size', 3, 'number'),
  metadata('docker_image_id', 'ID', 4, '', 12),
  // Counted by whoever shows the containers of an image together.
  count('container', '# Containers', 5),
  table('docker_image_label_', 'Docker labels'),
];
