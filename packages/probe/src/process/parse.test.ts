import { describe, expect, it } from 'vitest';
import { parseCommandLine, parseProcessStat, parseUsers } from './parse.ts';

describe('a process', () => {
  it('may have any name', () => {
    const rest =
      'S 1 4242 4242 0 -1 4194304 100 0 0 0 12 34 0 0 20 0 7 0 987654 8000000 321 18446744073709551615 0 0';
    expect(parseProcessStat(`4242 (a) (b c) ${rest}`)).toEqual({
      name: 'a) (b c',
      state: 'S',
      parentPid: 1,
      threads: 7,
      cpuTicks: 46,
      startTicks: 987654,
      residentPages: 321,
    });
    expect(parseProcessStat('')).toBeUndefined();
  });

  it.each([
    [['mysqld', '--password=hunter2', '--port=3306'], 'mysqld --password=*** --port=3306'],
    [['curl', '--token', 'hunter2', 'http://x'], 'curl --token *** http://x'],
    [['env', 'API_KEY=hunter2', 'HOME=/root', 'run'], 'env API_KEY=*** HOME=/root run'],
    [['serve', '--tls-key-file=/etc/key.pem'], 'serve --tls-key-file=/etc/key.pem'],
    [['run', '--secret', '--verbose'], 'run --secret --verbose'],
    [['worker', 'amqp://shop:hunter2@queue/'], 'worker amqp://shop:***@queue/'],
  ])('does not tell the secrets of its command line: %j', (words, shown) => {
    expect(parseCommandLine(`${words.join('\0')}\0`)).toBe(shown);
    expect(parseCommandLine(`${words.join('\0')}\0`, true)).toBe(words.join(' '));
  });

  it('has a user with a name', () => {
    const users = parseUsers('root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\ntask:x:1000:1000::/:\n');
    expect(users).toEqual(
      new Map([
        [0, 'root'],
        [1000, 'task'],
      ]),
    );
  });
});
