import { expect, test } from 'vitest';
import { seccompOfProfile } from './seccomp-profile.ts';

const place = { architecture: 'x64', kernelRelease: '5.10.0-26-amd64', capabilities: ['CAP_CHOWN'] };
const rule = (name: string, more: object) => ({ names: [name], action: 'SCMP_ACT_ALLOW', ...more });

test('rules are kept whose conditions hold for the container and the machine', () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    archMap: [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    ],
    syscalls: [
      rule('read', { args: [], includes: {}, excludes: {} }),
      rule('chown', { includes: { caps: ['CAP_CHOWN'] } }),
      rule('mount', { includes: { caps: ['CAP_SYS_ADMIN'] } }),
      rule('clone', {
        excludes: { caps: ['CAP_SYS_ADMIN'] },
        args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }],
      }),
      rule('fchown', { excludes: { caps: ['CAP_CHOWN'] } }),
      rule('arch_prctl', { includes: { arches: ['amd64', 'x32'] } }),
      rule('breakpoint', { includes: { arches: ['arm', 'arm64'] } }),
      rule('ptrace', { includes: { minKernel: '4.8' } }),
      rule('newer', { includes: { minKernel: '6.1' } }),
      { name: 'old', action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    ],
  };
  const made = seccompOfProfile('p', JSON.stringify(profile), place) as { syscalls: { names: string[] }[] };
  expect(made).toMatchObject({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  });
  const names = ['read', 'chown', 'clone', 'arch_prctl', 'ptrace', 'old'];
  expect(made.syscalls.flatMap((one) => one.names)).toEqual(names);
  expect(made.syscalls[0]).toEqual({ names: ['read'], action: 'SCMP_ACT_ALLOW' });
  expect(made.syscalls[2]).toMatchObject({ args: [{ index: 0 }] });
  expect(made.syscalls.at(-1)).toEqual({ names: ['old'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
});

test.each([
  ['{', 'it is not JSON'],
  ['{"syscalls":[]}', 'there is no defaultAction'],
  ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":{}}', 'syscalls is not a list'],
  ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"]}]}', 'rule 0 of syscalls'],
])('%s is no profile', (text, what) => {
  expect(() => seccompOfProfile('p', text, place)).toThrow(`seccomp profile p: ${what}`);
});
