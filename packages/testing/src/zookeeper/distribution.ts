/** Where the jars of each ZooKeeper version are, and how its JVM has to be started. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestingError } from '../errors.ts';

/** 3.8 is the system's package; scripts/setup puts the other two into `.cache`. */
export type ZooKeeperVersion = '3.4' | '3.8' | '3.9';

export interface Distribution {
  classPath: string;
  jvmFlags: readonly string[];
}

/** Git-ignored; survives between runs. */
export const cacheFolder = fileURLToPath(new URL('../../../../.cache/', import.meta.url));

// slf4j-simple writes to standard error and needs no file, whichever logging library the package was built for.
const logFlags = [
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
  '-Dorg.slf4j.simpleLogger.showShortLogName=true',
];

// 3.4 registers log4j's beans, which are not there.
const flags34 = ['-Dzookeeper.jmx.log4j.disable=true'];

// Named one by one: the folder also holds other logging backends, and a manifest that names the system's jars.
const serverJars =
  /^(slf4j-(api|simple)|netty-(?!all)[a-z-]+|jctools(-core)?|snappy-java|metrics-core|commons-(cli|io)|zookeeper-jute)\.jar$/;

/** @throws TestingError `MissingProgram` when the version is not installed */
export function findDistribution(version: ZooKeeperVersion): Distribution {
  const cached = `${cacheFolder}zookeeper-${version}/usr/share/java`;
  const roots = version === '3.8' ? [cached, '/usr/share/java'] : [cached];
  for (const root of roots) {
    const jars = existsSync(root) ? readdirSync(root) : [];
    const mark = root === cached ? 'zookeeper.jar' : `zookeeper-${version}.0.jar`;
    if (!jars.includes(mark)) continue;
    const classPath = [...jars.filter((jar) => serverJars.test(jar)), 'zookeeper.jar'];
    return {
      classPath: classPath.map((jar) => join(root, jar)).join(':'),
      jvmFlags: version === '3.4' ? [...logFlags, ...flags34] : logFlags,
    };
  }
  throw new TestingError(
    'MissingProgram',
    `ZooKeeper ${version} is not in ${roots.join(' nor ')}; run scripts/setup`,
  );
}
