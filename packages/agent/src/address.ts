/** Where an agent listens, and what it tells others of it: found out before its configuration is read. */
import { type Flags, ownAddress } from '@orchestrator/mesos';
import { asConfigError } from './errors.ts';

/**
 * The flags with `ip`, `advertise_ip` and `hostname` as far as others say what they are.
 *
 * @throws AgentError `Config`
 */
export async function withAddress(flags: Flags): Promise<Flags> {
  const { ip, advertisedIp } = await ownAddress(flags).catch((error: unknown) => {
    throw asConfigError(error);
  });
  const isFound = flags.ip_discovery_command !== undefined;
  return {
    ...(flags.hostname_lookup === 'false' && { hostname: advertisedIp }),
    ...flags,
    ...(isFound && { ip }),
    ...(advertisedIp !== ip && { advertise_ip: advertisedIp }),
  };
}
