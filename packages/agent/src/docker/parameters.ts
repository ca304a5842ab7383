/**
 * Mesos lets a task give options of the `docker run` command. The Engine API knows no options, so each has its place
 * in the create call here; what has none is refused with its name, rather than ignored.
 */
import type { ContainerCreateOptions, HostConfig } from 'dockerode';

export interface Parameter {
  key: string;
  value: string;
}

type Apply = (options: ContainerCreateOptions, value: string) => void;

function hostOf(options: ContainerCreateOptions): HostConfig {
  options.HostConfig ??= {};
  return options.HostConfig;
}

type HostList =
  | 'CapAdd'
  | 'CapDrop'
  | 'Dns'
  | 'DnsSearch'
  | 'DnsOptions'
  | 'ExtraHosts'
  | 'GroupAdd'
  | 'SecurityOpt'
  | 'Binds'
  | 'VolumesFrom';
type HostMap = 'Sysctls' | 'StorageOpt' | 'Tmpfs';
type HostText =
  | 'CpusetCpus'
  | 'CpusetMems'
  | 'IpcMode'
  | 'PidMode'
  | 'UTSMode'
  | 'UsernsMode'
  | 'Runtime'
  | 'CgroupParent'
  | 'VolumeDriver'
  | 'NetworkMode';
type HostNumber =
  | 'OomScoreAdj'
  | 'PidsLimit'
  | 'MemorySwappiness'
  | 'BlkioWeight'
  | 'CpuShares'
  | 'CpuPeriod'
  | 'CpuQuota';
type HostFlag = 'Privileged' | 'ReadonlyRootfs' | 'Init' | 'OomKillDisable';
type TextOption = 'WorkingDir' | 'User' | 'Hostname' | 'Domainname' | 'MacAddress' | 'StopSignal';

const list =
  (name: HostList): Apply =>
  (options, value) => {
    const host = hostOf(options);
    host[name] = [...((host[name] as string[] | undefined) ?? []), value];
  };
const map =
  (name: HostMap, separator: string): Apply =>
  (options, value) => {
    const host = hostOf(options);
    host[name] = { ...host[name], ...pair(value, separator) };
  };
const text =
  (name: HostText): Apply =>
  (options, value) => {
    hostOf(options)[name] = value;
  };
const number =
  (name: HostNumber): Apply =>
  (options, value) => {
    hostOf(options)[name] = numberOf(value);
  };
const flag =
  (name: HostFlag): Apply =>
  (options, value) => {
    hostOf(options)[name] = value === '' || value === 'true';
  };
const option =
  (name: TextOption): Apply =>
  (options, value) => {
    options[name] = value;
  };
const bytes =
  (name: 'ShmSize' | 'Memory' | 'MemorySwap' | 'MemoryReservation'): Apply =>
  (options, value) => {
    hostOf(options)[name] = bytesOf(value);
  };

function pair(value: string, separator: string): Record<string, string> {
  const at = value.indexOf(separator);
  return at < 0 ? { [value]: '' } : { [value.slice(0, at)]: value.slice(at + 1) };
}

function numberOf(value: string): number {
  const number = Number(value);
  if (value === '' || !Number.isFinite(number)) throw new RangeError(`"${value}" is not a number`);
  return number;
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

function bytesOf(value: string): number {
  const [, digits = '', unit = ''] = /^(-?\d+)([bkmg]?)b?$/i.exec(value) ?? [];
  if (digits === '') throw new RangeError(`"${value}" is not a size such as 64m`);
  return Number(digits) * (unitBytes[unit.toLowerCase()] ?? 1);
}

/** `nofile=1024:2048` */
const ulimit: Apply = (options, value) => {
  const [, name = '', soft = '', hard = soft] = /^(\w+)=(-?\d+)(?::(-?\d+))?$/.exec(value) ?? [];
  if (name === '') throw new RangeError(`"${value}" is not NAME=SOFT[:HARD]`);
  const host = hostOf(options);
  host.Ulimits = [...(host.Ulimits ?? []), { Name: name, Soft: Number(soft), Hard: Number(hard) }];
};

/** `/dev/fuse[:/dev/fuse[:rwm]]` */
const device: Apply = (options, value) => {
  const [outside = '', inside = outside, permissions = 'rwm'] = value.split(':');
  const host = hostOf(options);
  const added = { PathOnHost: outside, PathInContainer: inside, CgroupPermissions: permissions };
  host.Devices = [...(host.Devices ?? []), added];
};

/** `no`, `always`, … : a task that ends has ended, the agent alone starts anything again. */
const restart: Apply = (_options, value) => {
  if (value !== 'no') throw new RangeError('tasks are not restarted by the Engine');
};

const logDriver: Apply = (options, value) => {
  hostOf(options).LogConfig = { Type: value, Config: {} };
};

const logOption: Apply = (options, value) => {
  const host = hostOf(options);
  const Config = { ...host.LogConfig?.Config, ...pair(value, '=') };
  host.LogConfig = { Type: host.LogConfig?.Type ?? 'json-file', Config };
};

const table: Readonly<Record<string, Apply>> = {
  'add-host': list('ExtraHosts'),
  'blkio-weight': number('BlkioWeight'),
  'cap-add': list('CapAdd'),
  'cap-drop': list('CapDrop'),
  'cgroup-parent': text('CgroupParent'),
  'cpu-period': number('CpuPeriod'),
  'cpu-quota': number('CpuQuota'),
  'cpu-shares': number('CpuShares'),
  'cpuset-cpus': text('CpusetCpus'),
  'cpuset-mems': text('CpusetMems'),
  device,
  dns: list('Dns'),
  'dns-option': list('DnsOptions'),
  'dns-search': list('DnsSearch'),
  domainname: option('Domainname'),
  entrypoint: (options, value) => {
    options.Entrypoint = value === '' ? [] : [value];
  },
  env: (options, value) => {
    options.Env = [...(options.Env ?? []), value];
  },
  'group-add': list('GroupAdd'),
  hostname: option('Hostname'),
  init: flag('Init'),
  ipc: text('IpcMode'),
  label: (options, value) => {
    options.Labels = { ...options.Labels, ...pair(value, '=') };
  },
  'log-driver': logDriver,
  'log-opt': logOption,
  'mac-address': option('MacAddress'),
  memory: bytes('Memory'),
  'memory-reservation': bytes('MemoryReservation'),
  'memory-swap': bytes('MemorySwap'),
  'memory-swappiness': number('MemorySwappiness'),
  net: text('NetworkMode'),
  network: text('NetworkMode'),
  'oom-kill-disable': flag('OomKillDisable'),
  'oom-score-adj': number('OomScoreAdj'),
  pid: text('PidMode'),
  'pids-limit': number('PidsLimit'),
  privileged: flag('Privileged'),
  'read-only': flag('ReadonlyRootfs'),
  restart,
  runtime: text('Runtime'),
  'security-opt': list('SecurityOpt'),
  'shm-size': bytes('ShmSize'),
  'stop-signal': option('StopSignal'),
  'storage-opt': map('StorageOpt', '='),
  sysctl: map('Sysctls', '='),
  tmpfs: map('Tmpfs', ':'),
  ulimit,
  user: option('User'),
  userns: text('UsernsMode'),
  uts: text('UTSMode'),
  volume: list('Binds'),
  'volume-driver': text('VolumeDriver'),
  'volumes-from': list('VolumesFrom'),
  workdir: option('WorkingDir'),
};

/** Applies them in their order, onto a copy; a problem names the first that cannot be. */
export function applyParameters(
  options: ContainerCreateOptions,
  parameters: readonly Parameter[],
): { options: ContainerCreateOptions; problem: string | undefined } {
  const copy = { ...options, HostConfig: { ...options.HostConfig } };
  for (const { key, value } of parameters) {
    const apply = Object.hasOwn(table, key) ? table[key] : undefined;
    if (apply === undefined) {
      const known = Object.keys(table).join(', ');
      return { options: copy, problem: `Docker parameter "${key}" is not known here; there are ${known}` };
    }
    try {
      apply(copy, value);
    } catch (error) {
      return { options: copy, problem: `Docker parameter "${key}": ${(error as Error).message}` };
    }
  }
  return { options: copy, problem: undefined };
}
