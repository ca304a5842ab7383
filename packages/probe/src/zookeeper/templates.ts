import type { Template } from '@orchestrator/report';
import { metadata, metric, topology } from '../template.ts';

export const zookeeperTemplates: readonly Template[] = [
  topology('octagon', 'server'),
  metadata('role', 'Role', 1),
  metadata('zookeeper_address', 'Address', 2),
  metadata('zookeeper_version', 'Version', 3),
  metadata('migration_status', 'Migration', 4),
  metadata('sync_state', 'Synchronisation', 5),
  metadata('sync_capture', 'Capture', 6),
  metadata('sync_problem', 'Problem', 7),
  metadata('sync_conflicts', 'Conflicts', 8, 'number'),
  metadata('sync_conflicts_held', 'Held for a decision', 9, 'number'),
  metadata('migration_id', 'Migration ID', 10),
  metric('zookeeper_connections', 'Connections', 1, 'integer'),
  metric('zookeeper_latency_ms', 'Latency (ms)', 2, ''),
  metric('zookeeper_packets_per_s', 'Packets', 3, 'rate'),
  metric('zookeeper_outstanding', 'Outstanding', 4, 'integer'),
  metric('zookeeper_znodes', 'Znodes', 5, 'integer'),
  metric('zookeeper_watches', 'Watches', 6, 'integer'),
  metric('zookeeper_ephemerals', 'Ephemerals', 7, 'integer'),
  metric('zookeeper_data_bytes', 'Data', 8, 'filesize'),
  metric('zookeeper_synced_followers', 'Followers in sync', 9, 'integer'),
  metric('zookeeper_open_files', 'Open files', 10, 'integer'),
  metric('zk_sync_lag_ms', 'Lag (ms)', 11, ''),
  metric('zk_sync_backlog', 'Backlog', 12, 'integer'),
  metric('zk_sync_applied_per_s', 'Applied', 13, 'rate'),
];
