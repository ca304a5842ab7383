/**
 * Filters of system calls that an operator has written, in the format of Docker's profiles: rules that hold for some
 * capabilities, architectures and kernels are decided here, since an OCI runtime knows of no such conditions. Pure.
 */
import { AgentError } from '../errors.ts';

/** Who runs the container, as far as conditions of rules ask for it. */
export interface SeccompPlace {
  /** As `process.arch`. */
  architecture: string;
  /** As `uname -r` says it. */
  kernelRelease: string;
  /** Of the container. */
  capabilities: readonly string[];
}

interface Conditions {
  caps?: readonly string[];
  arches?: readonly string[];
  minKernel?: string;
}

interface Rule {
  names?: readonly string[];
  /** In old profiles, of one call. */
  name?: string;
  action: string;
  errnoRet?: number;
  args?: readonly object[] | null;
  includes?: Conditions;
  excludes?: Conditions;
}

interface Profile {
  defaultAction: string;
  defaultErrnoRet?: number;
  /** In old profiles, instead of `archMap`. */
  architectures?: readonly string[];
  archMap?: readonly { architecture: string; subArchitectures?: readonly string[] | null }[];
  syscalls?: readonly Rule[];
}

/** The words of profiles, beside those of libseccomp. */
const architectureNames: Readonly<Record<string, { rule: string; own: string }>> = {
  x64: { rule: 'amd64', own: 'SCMP_ARCH_X86_64' },
  arm64: { rule: 'arm64', own: 'SCMP_ARCH_AARCH64' },
};

const namesOf = (place: SeccompPlace) =>
  architectureNames[place.architecture] ?? { rule: place.architecture, own: '' };

function isOlder(release: string, wanted: string): boolean {
  const [own, least] = [release, wanted].map((text) => text.split(/[.-]/).slice(0, 2).map(Number));
  const [major = 0, minor = 0] = own ?? [];
  const [leastMajor = 0, leastMinor = 0] = least ?? [];
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

function holds({ includes = {}, excludes = {} }: Rule, place: SeccompPlace): boolean {
  const isHere = (arches: readonly string[]) => arches.includes(namesOf(place).rule);
  const isAllowed = (name: string) => place.capabilities.includes(name);
  if (includes.arches !== undefined && includes.arches.length > 0 && !isHere(includes.arches)) return false;
  if (includes.caps !== undefined && !includes.caps.every(isAllowed)) return false;
  if (includes.minKernel !== undefined && isOlder(place.kernelRelease, includes.minKernel)) return false;
  if (isHere(excludes.arches ?? [])) return false;
  if ((excludes.caps ?? []).some(isAllowed)) return false;
  return excludes.minKernel === undefined || isOlder(place.kernelRelease, excludes.minKernel);
}

function architecturesOf({ architectures, archMap = [] }: Profile, place: SeccompPlace): readonly string[] {
  const own = archMap.find(({ architecture }) => architecture === namesOf(place).own);
  if (own === undefined) return architectures ?? [];
  return [own.architecture, ...(own.subArchitectures ?? [])];
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isAction = (value: unknown): boolean => isText(value) && value.startsWith('SCMP_ACT_');

function isRule(value: unknown): value is Rule {
  if (!isObject(value) || !isAction(Reflect.get(value, 'action'))) return false;
  const [names, name] = [Reflect.get(value, 'names'), Reflect.get(value, 'name')];
  return isText(name) || (isList(names) && names.length > 0 && names.every(isText));
}

function parseProfile(name: string, text: string): Profile {
  const complain = (what: string, cause?: unknown) =>
    new AgentError('InvalidContainer', `seccomp profile ${name}: ${what}`, { cause });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw complain('it is not JSON', cause);
  }
  if (!isObject(parsed) || !isAction(Reflect.get(parsed, 'defaultAction')))
    throw complain('there is no defaultAction such as SCMP_ACT_ERRNO');
  const rules: unknown = Reflect.get(parsed, 'syscalls') ?? [];
  if (!isList(rules)) throw complain('syscalls is not a list');
  const wrong = rules.findIndex((rule) => !isRule(rule));
  if (wrong >= 0)
    throw complain(`rule ${wrong} of syscalls has no names or no action such as SCMP_ACT_ALLOW`);
  return parsed as Profile;
}

/**
 * The `linux.seccomp` of an OCI runtime configuration.
 *
 * @param name told when it is wrong
 * @throws AgentError `InvalidContainer` for what is no profile
 */
export function seccompOfProfile(name: string, text: string, place: SeccompPlace): object {
  const profile = parseProfile(name, text);
  const rules = (profile.syscalls ?? []).filter((rule) => holds(rule, place));
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: architecturesOf(profile, place),
    syscalls: rules.map(({ names, name: one = '', action, errnoRet, args }) => ({
      names: names ?? [one],
      action,
      ...(errnoRet !== undefined && { errnoRet }),
      ...(isList(args) && args.length > 0 && { args }),
    })),
  };
}
