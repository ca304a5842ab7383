/** Mesos' actions: the list that an ACL file has of each, and what its objects are called there. One file serves both. */

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
  access_mesos_log: ['access_mesos_logs', 'logs'],
  get_maintenance_schedule: ['get_maintenance_schedules', 'machines'],
  get_maintenance_status: ['get_maintenance_statuses', 'machines'],
  update_maintenance_schedule: ['update_maintenance_schedules', 'machines'],
  start_maintenance: ['start_maintenances', 'machines'],
  stop_maintenance: ['stop_maintenances', 'machines'],
  mark_agent_gone: ['mark_agents_gone', 'agents'],
  drain_agent: ['drain_agents', 'agents'],
  deactivate_agent: ['deactivate_agents', 'agents'],
  reactivate_agent: ['reactivate_agents', 'agents'],
} as const;

/** What both ask about. */
const ofBoth = {
  get_endpoint: ['get_endpoints', 'paths'],
  set_log_level: ['set_log_level', 'level'],
  view_executor: ['view_executors', 'users'],
  view_flags: ['view_flags', 'flags'],
  view_framework: ['view_frameworks', 'users'],
  view_task: ['view_tasks', 'users'],
} as const;

/** What an agent asks about. */
const ofAgents = {
  access_sandbox: ['access_sandboxes', 'users'],
  attach_container_input: ['attach_containers_input', 'users'],
  attach_container_output: ['attach_containers_output', 'users'],
  kill_nested_container: ['kill_nested_containers', 'users'],
  kill_standalone_container: ['kill_standalone_containers', 'users'],
  launch_nested_container: ['launch_nested_containers_as_user', 'users'],
  launch_nested_container_under: ['launch_nested_containers_under_parent_with_user', 'users'],
  launch_nested_container_session: ['launch_nested_container_sessions_as_user', 'users'],
  launch_nested_container_session_under: ['launch_nested_container_sessions_under_parent_with_user', 'users'],
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

const actions = { ...ofMasters, ...ofBoth, ...ofAgents };

export type AclAction = keyof typeof actions;

export interface AclList {
  readonly action: AclAction;
  /** What its rules name, beside principals: `roles`, `users`, … */
  readonly objects: string;
}

/** By the name of the list. */
export const aclLists: ReadonlyMap<string, AclList> = new Map(
  Object.entries(actions).map(([action, [list, objects]]) => [
    list,
    { action: action as AclAction, objects },
  ]),
);
