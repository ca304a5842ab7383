/** What a framework wants of the kernel for its containers. Pure. */
import {
  type CapabilityInfo,
  CapabilityInfo_Capability,
  type ContainerInfoValid,
  nameOfEnum,
  RLimitInfo_RLimit_Type,
  type SeccompInfo,
} from '@orchestrator/mesos';
import type { ContainerSpec, LinuxSettings, Rlimit } from '../container/spec.ts';
import { AgentError } from '../errors.ts';
import { defaultCapabilities } from '../native/capabilities.ts';

const namesOf = (info: CapabilityInfo | undefined) =>
  info?.capabilities.map((one) => `CAP_${nameOfEnum(CapabilityInfo_Capability, one)}`);

function rlimitsOf({ rlimitInfo }: ContainerInfoValid): Rlimit[] {
  return (rlimitInfo?.rlimits ?? []).map(({ type, soft, hard }) => ({
    type: nameOfEnum(RLimitInfo_RLimit_Type, type).replace(/^RLMT_/, 'RLIMIT_'),
    // Neither of them: no limit.
    ...(soft > 0n && { soft: Number(soft) }),
    ...(hard > 0n && { hard: Number(hard) }),
  }));
}

function seccompOf({ unconfined, profileName }: SeccompInfo): Pick<LinuxSettings, 'seccomp'> {
  if (unconfined && profileName !== '')
    throw new AgentError('InvalidContainer', `a seccomp profile (${profileName}) and none are asked for`);
  if (unconfined) return { seccomp: 'unconfined' };
  return profileName === '' ? {} : { seccomp: { profile: profileName } };
}

/** Undefined when nothing is asked for. */
export function linuxSettings(container: ContainerInfoValid): LinuxSettings | undefined {
  const { linuxInfo } = container;
  const { effectiveCapabilities, boundingCapabilities, capabilityInfo, seccomp } = linuxInfo ?? {};
  const capabilities = namesOf(effectiveCapabilities ?? boundingCapabilities ?? capabilityInfo);
  const rlimits = rlimitsOf(container);
  const settings: LinuxSettings = {
    ...(capabilities !== undefined && { capabilities }),
    ...(seccomp !== undefined && seccompOf(seccomp)),
    ...(linuxInfo?.sharePidNamespace === true && { pidNamespace: 'host' }),
    ...(rlimits.length > 0 && { rlimits }),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

/** What of it would let the container do to the machine whatever it likes; undefined when nothing would. */
export function privilegeOf({ docker, linux }: ContainerSpec): string | undefined {
  if (docker?.privileged === true) return 'privileged mode';
  if (linux?.seccomp === 'unconfined') return 'no filter of system calls';
  if (linux?.pidNamespace === 'host') return 'the processes of the machine';
  return linux?.capabilities?.find((name) => !defaultCapabilities.includes(name));
}
