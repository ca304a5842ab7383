/** How long a container takes to run: ours on Docker and under runc, against `docker run` in the same minute. */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  busyboxImage,
  createTestCgroup,
  fillBusyboxRoot,
  mountSmallDisk,
  startDocker,
} from '@orchestrator/testing';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median, percentile } from '../statistics.ts';
import { dockerLauncher, dockerRunLauncher, type Launcher, nativeLauncher, timeLaunch } from './launches.ts';

const atATime = 20;

type Samples = Map<Launcher['name'], number[]>;

const idOf = (launcher: Launcher, round: string) => `bench-${launcher.name}-${round}`;

/** In turn, so that whatever else the machine does meets all alike; each is gone before the next comes. */
async function oneAfterAnother(launchers: readonly Launcher[], count: number): Promise<Samples> {
  const samples: Samples = new Map(launchers.map(({ name }) => [name, []]));
  for (let round = -2; round < count; round++) {
    for (const launcher of launchers) {
      const id = idOf(launcher, `${round + 2}`);
      const elapsedMs = await timeLaunch(launcher, id);
      await launcher.remove(id);
      // The first rounds warm up and do not count.
      if (round >= 0) samples.get(launcher.name)?.push(elapsedMs);
    }
  }
  return samples;
}

async function manyAtATime(launchers: readonly Launcher[], rounds: number): Promise<Samples> {
  const samples: Samples = new Map(launchers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const launcher of launchers) {
      const ids = Array.from({ length: atATime }, (_, index) => idOf(launcher, `many-${round}-${index}`));
      samples.get(launcher.name)?.push(...(await Promise.all(ids.map((id) => timeLaunch(launcher, id)))));
      await Promise.all(ids.map((id) => launcher.remove(id)));
    }
  }
  return samples;
}

function figuresOf(samples: Samples, suffix: string): Record<string, number> {
  const figures = [...samples].flatMap(([name, values]): [string, number][] => [
    [`${name}${suffix}P50Ms`, median(values)],
    [`${name}${suffix}P99Ms`, percentile(values, 0.99)],
  ]);
  return Object.fromEntries(figures);
}

const ratioOf = (samples: Samples, ours: Launcher['name']) =>
  median(samples.get(ours) ?? []) / median(samples.get('dockerRun') ?? []);

async function measure(launchers: readonly Launcher[], { quick, say }: SuiteOptions): Promise<SuiteResult> {
  say(`${quick ? 20 : 100} containers of each kind, one after another`);
  const single = await oneAfterAnother(launchers, quick ? 20 : 100);
  say(`${atATime} at a time`);
  const many = await manyAtATime(launchers, quick ? 1 : 5);
  return {
    metrics: { ...figuresOf(single, ''), ...figuresOf(many, `At${atATime}`) },
    ratios: {
      dockerOverDockerRun: ratioOf(single, 'docker'),
      nativeOverDockerRun: ratioOf(single, 'native'),
      [`dockerAt${atATime}OverDockerRun`]: ratioOf(many, 'docker'),
      [`nativeAt${atATime}OverDockerRun`]: ratioOf(many, 'native'),
    },
    notes: [
      'From the call to the command running, with CPU shares, a memory limit, the sandbox and the log in place; image cached.',
      '`docker run --detach` with the same limits, network and volume is the peer; its own start is part of it.',
      `At${atATime}: ${atATime} launched at once, each timed from the moment all were.`,
    ],
  };
}

export const containers: Suite = {
  name: 'containers',
  about: 'start latency of docker and native containers, alone and 20 at a time, against docker run',
  async run(options) {
    await using engine = await startDocker();
    const image = await busyboxImage(engine);
    const cgroup = await createTestCgroup('bench');
    // In memory, as the Engine's data is; unmounted with all that is mounted below, however this ends.
    await using disk = await mountSmallDisk({ sizeMb: 512 });
    const folder = disk.path;
    const launchers: Launcher[] = [];
    try {
      await chmod(folder, 0o755);
      const rootfs = join(folder, 'rootfs');
      await mkdir(rootfs);
      await fillBusyboxRoot(rootfs);
      launchers.push(dockerLauncher(engine, image, folder));
      launchers.push(nativeLauncher(`${cgroup.path}/containers`, rootfs, folder));
      launchers.push(dockerRunLauncher(engine, image, folder));
      return await measure(launchers, options);
    } finally {
      await Promise.all(launchers.map((launcher) => launcher.close()));
      await cgroup.end();
    }
  },
};
