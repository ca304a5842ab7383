/** What a principal wants to do, in the words of Mesos' ACLs. */
export type AuthorizedAction =
  | 'register_agent'
  | 'register_framework'
  | 'run_task'
  | 'reserve_resources'
  | 'unreserve_resources'
  | 'create_volume'
  | 'destroy_volume'
  | 'resize_volume'
  | 'create_block_disk'
  | 'destroy_block_disk'
  | 'teardown_framework';

/** May `principal` (undefined: nobody in particular) do this to `object` (a role, a user, a principal)? */
export type Authorizer = (
  principal: string | undefined,
  action: AuthorizedAction,
  object: string | undefined,
) => boolean;

export const allowAll: Authorizer = () => true;
