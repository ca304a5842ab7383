import { expect, it } from 'vitest';
import { probeCommands } from './probe-command.ts';

const service = { host: '127.0.0.1', port: 4041, tls: false, token: false };
const commands = (given: Partial<typeof service>, pageHost: string) =>
  probeCommands({ hostname: 'mon-1', probeService: { ...service, ...given } }, pageHost);

it('names the port that is listened at, and no address that only this machine has', () => {
  expect(commands({ port: 14041 }, '127.0.0.1')).toEqual({
    here: 'orchestrator probe 127.0.0.1:14041',
    elsewhere: 'orchestrator probe --token-file=/etc/orchestrator/probe-token grpcs://mon-1:14041',
    isReachable: false,
  });
});

it('uses the name by which the browser came where all addresses are listened at', () => {
  const open = { host: '0.0.0.0', tls: true, token: true };
  const command =
    'orchestrator probe --token-file=/etc/orchestrator/probe-token grpcs://monitor.example:4041';
  expect(commands(open, 'monitor.example')).toEqual({ here: command, elsewhere: command, isReachable: true });
});

it('uses the address that is listened at where it is one', () => {
  expect(commands({ host: 'fd00::7', token: true }, 'monitor.example')).toMatchObject({
    here: 'orchestrator probe --token-file=/etc/orchestrator/probe-token [fd00::7]:4041',
    elsewhere: 'orchestrator probe --token-file=/etc/orchestrator/probe-token [fd00::7]:4041',
  });
});
