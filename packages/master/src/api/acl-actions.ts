/** Mesos' actions: the list that an ACL file has of each, and what its objects are called there. */

/** What a master asks about. */
const ofMasters = {
  register_framework: ['register_frameworks', 'roles'],
  register_agent: ['register_agents', 'agents'],
  run_task: ['run_tasks', 'users'],
  teardown_framework: ['teardown_frameworks', 'framework_principals'],
  reserve_resources: ['reserve_resources', 'roles'],
  unreserve_resources: ['unreserve_resources', 'reserver_principals'],
  create_volume: ['create_volumes', 'roles'],
  destroy_volume: ['destroy_volumes', 'creator_principals'],
  resize_volume: ['resize_volumes', 'roles'],
  create_block_disk: ['create_block_disks', 'roles'],
  destroy_block_disk: ['destroy_block_disks', 'roles'],
  create_mount_disk: ['create_mount_disks', 'roles'],
  destroy_mount_disk: ['destroy_mount_disks', 'roles'],
  destroy_raw_disk: ['destroy_raw_disks', 'roles'],
  get_quota: ['get_quotas', 'roles'],
  update_quota: ['update_quotas', 'roles'],
  update_weight: ['update_weights', 'roles'],
  view_role: ['view_roles', 'roles'],
  view_framework: ['view_frameworks', 'users'],
  view_task: ['view_tasks', 'users'],
  view_executor: ['view_executors', 'users'],
  view_flags: ['view_flags', 'flags'],
  access_mesos_log: ['access_mesos_logs', 'logs'],
  set_log_level: ['set_log_level', 'level'],
  get_maintenance_schedule: ['get_maintenance_schedules', 'machines'],
  get_maintenance_status: ['get_maintenance_statuses', 'machines'],
  update_maintenance_schedule: ['update_maintenance_schedules', 'machines'],
  start_maintenance: ['start_maintenances', 'machines'],
  stop_maintenance: ['stop_maintenances', 'machines'],
  mark_agent_gone: ['mark_agents_gone', 'agents'],
  drain_agent: ['drain_agents', 'agents'],
  deactivate_agent: ['deactivate_agents', 'agents'],
  reactivate_agent: ['reactivate_agents', 'agents'],
  get_endpoint: ['get_endpoints', 'paths'],
} as const;

/** What agents ask about: read, so that one file serves both. */
const ofAgents = {
  access_sandbox: ['access_sandboxes', 'users'],
  attach_container_input: ['attach_containers_input', 'users'],
  attach_container_output: ['attach_containers_output', 'users'],
  kill_nested_container: ['kill_nested_containers', 'users'],
  kill_standalone_container: ['kill_standalone_containers', 'users'],
  launch_nested_container_as_user: ['launch_nested_containers_as_user', 'users'],
  launch_nested_container_session_as_user: ['launch_nested_container_sessions_as_user', 'users'],
  launch_nested_container_session_under_parent: [
    'launch_nested_container_sessions_under_parent_with_user',
    'users',
  ],
  launch_nested_container_under_parent: ['launch_nested_containers_under_parent_with_user', 'users'],
  launch_standalone_container: ['launch_standalone_containers', 'users'],
  mark_resource_provider_gone: ['mark_resource_providers_gone', 'resource_providers'],
  modify_resource_provider_config: ['modify_resource_provider_configs', 'resource_providers'],
  prune_images: ['prune_images', 'images'],
  remove_nested_container: ['remove_nested_containers', 'users'],
  remove_standalone_container: ['remove_standalone_containers', 'users'],
  view_container: ['view_containers', 'users'],
  view_resource_provider: ['view_resource_providers', 'resource_providers'],
  view_standalone_container: ['view_standalone_containers', 'users'],
  wait_nested_container: ['wait_nested_containers', 'users'],
  wait_standalone_container: ['wait_standalone_containers', 'users'],
} as const;

export type AclAction = keyof typeof ofMasters;

/** By the name of the list. */
export const aclLists: ReadonlyMap<string, { readonly action: string; readonly objects: string }> = new Map(
  Object.entries({ ...ofMasters, ...ofAgents }).map(([action, [list, objects]]) => [
    list,
    { action, objects },
  ]),
);
