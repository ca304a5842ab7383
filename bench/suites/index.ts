import { consoleSuite } from '../console/suite.ts';
import { containers } from '../containers/suite.ts';
import { failover } from '../mesos/failover.ts';
import { launch } from '../mesos/launch.ts';
import { scale } from '../mesos/scale.ts';
import { state } from '../mesos/state.ts';
import { monitor } from '../monitor/suite.ts';
import { probe } from '../probe/suite.ts';
import type { Suite } from '../result.ts';
import { allocator } from './allocator.ts';
import { bootstrap } from './bootstrap.ts';
import { clientSuite } from './client.ts';
import { memory } from './memory.ts';
import { syncLag } from './sync-lag.ts';
import { syncThroughput } from './sync-throughput.ts';

export const suites: readonly Suite[] = [
  clientSuite,
  syncLag,
  syncThroughput,
  bootstrap,
  memory,
  allocator,
  probe,
  monitor,
  consoleSuite,
  containers,
  launch,
  state,
  failover,
  scale,
];
