/** Where the jars of each ZooKeeper version are, and how its JVM has to be started. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TestingError } from '../errors.ts';

/** 3.8 is the system's package; scripts/setup puts the other two into `.cache`. */
export type ZooKeeperVersion = '3.4' | '3.8' | '3.9';

export interface Distribution {
  classPath: string;
  jvmFlags: readonly string[];
}

const cacheFolder = fileURLToPath(new URL('../../../../.cache/', import.meta.url));

// slf4j-simple writes to standard error and needs no file, whichever logging library the package was built for.
const logFlags = [
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
  '-Dorg.slf4j.simpleLogger.showShortLogName=true',
];

/** @throws TestingError `MissingProgram` when the version is not installed */
export function findDistribution(version: ZooKeeperVersion): Distribution {
  const root = version === '3.8' ? '/usr/share/java' : `${cacheFolder}zookeeper-${version}/usr/share/java`;
  const jars = ['zookeeper', 'slf4j-simple'].map((name) => `${root}/${name}.jar`);
  const absent = jars.find((jar) => !existsSync(jar));
  if (absent !== undefined) {
    throw new TestingError('MissingProgram', `ZooKeeper ${version}: no ${absent}; run scripts/setup`);
  }
  return { classPath: jars.join(':'), jvmFlags: logFlags };
}
