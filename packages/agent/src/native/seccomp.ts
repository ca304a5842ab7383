/**
 * The default system call filter of native containers. What is named here fails with EPERM as if the capability were
 * missing; all else is left to capabilities, namespaces and cgroups. A list of what is forbidden, not of what is
 * allowed: a C library newer than the list finds its new calls working, and ENOSYS where the kernel has none.
 */

/** The `linux.seccomp` of an OCI runtime configuration. */
export interface SeccompProfile {
  defaultAction: 'SCMP_ACT_ALLOW';
  architectures: readonly string[];
  syscalls: readonly {
    names: readonly string[];
    action: 'SCMP_ACT_ERRNO';
    errnoRet: number;
    args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
  }[];
}

const operationNotPermitted = 1;
const functionNotImplemented = 38;

const forbidden: Readonly<Record<string, readonly string[]>> = {
  'the kernel itself: modules, another kernel, restart': [
    ...['init_module', 'finit_module', 'delete_module', 'create_module', 'query_module', 'get_kernel_syms'],
    ...[
      'kexec_load',
      'kexec_file_load',
      'reboot',
      'bpf',
      'perf_event_open',
      'lookup_dcookie',
      '_sysctl',
      'syslog',
    ],
  ],
  'hardware and its memory': ['iopl', 'ioperm', 'pciconfig_read', 'pciconfig_write', 'pciconfig_iobase'],
  'keys, which no namespace separates': ['add_key', 'keyctl', 'request_key'],
  'mounts and namespaces': [
    ...[
      'mount',
      'umount',
      'umount2',
      'pivot_root',
      'setns',
      'unshare',
      'mount_setattr',
      'move_mount',
      'open_tree',
    ],
    ...[
      'fsopen',
      'fsconfig',
      'fsmount',
      'fspick',
      'swapon',
      'swapoff',
      'quotactl',
      'quotactl_fd',
      'nfsservctl',
    ],
  ],
  'the clock, which all share': [
    'settimeofday',
    'stime',
    'clock_settime',
    'clock_settime64',
    'clock_adjtime',
    'adjtimex',
  ],
  'handles that lead out of a mount': ['open_by_handle_at', 'fanotify_init'],
  'memory of others, and its placement': [
    ...['userfaultfd', 'process_madvise', 'kcmp', 'move_pages', 'migrate_pages', 'mbind', 'set_mempolicy'],
    ...['get_mempolicy', 'vm86', 'vm86old', 'modify_ldt'],
  ],
  'obsolete, with a history of holes': [
    'uselib',
    'ustat',
    'sysfs',
    'vserver',
    'acct',
    'vhangup',
    'io_uring_setup',
  ],
};

const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const newNamespaces = 0x7e020000;

/**
 * @param architecture as `process.arch`
 * @param capabilities of the container: with CAP_SYS_ADMIN it may mount and make namespaces
 */
export function defaultSeccomp(architecture: string, capabilities: readonly string[]): SeccompProfile {
  const isAdmin = capabilities.includes('CAP_SYS_ADMIN');
  const names = Object.entries(forbidden)
    .filter(([what]) => !(isAdmin && what === 'mounts and namespaces'))
    .flatMap(([, calls]) => calls);
  const refuse = { action: 'SCMP_ACT_ERRNO', errnoRet: operationNotPermitted } as const;
  // The flags of clone are looked at; those of clone3 are in memory, which a filter cannot read, so that C libraries are
  // told that there is no such call and use clone.
  const clone = [
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO' as const, errnoRet: functionNotImplemented },
    ...[...bitsOf(newNamespaces)].map((bit) => ({
      names: ['clone'],
      ...refuse,
      args: [{ index: 0, value: bit, valueTwo: bit, op: 'SCMP_CMP_MASKED_EQ' }],
    })),
  ];
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: architectures[architecture] ?? [],
    syscalls: [{ names, ...refuse }, ...(isAdmin ? [] : clone)],
  };
}

function* bitsOf(mask: number): Iterable<number> {
  for (let bit = 1; bit <= mask; bit *= 2) if ((mask & bit) !== 0) yield bit;
}
