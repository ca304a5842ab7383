/** What the configuration names and this machine has to have: secrets, TLS files, the archive's key and folder, ways out for alerts. */
import { access, constants } from 'node:fs/promises';
import { makeFolder } from '@orchestrator/runtime';
import { alertChannels } from '../alerts/channels.ts';
import { keySourceOf, newKey } from '../archive/key.ts';
import { readTls, withClient } from '../ensemble/client.ts';
import { failureOf } from '../errors.ts';
import { type CheckResult, fail, ok, warn } from '../phases/check.ts';
import type { Cluster } from '../phases/context.ts';
import type { PreflightContext } from './context.ts';

/** Only what goes wrong is told: most configurations name nothing of the kind. */
export async function checkCredentials(cluster: Cluster): Promise<readonly CheckResult[]> {
  const { tls, quorumTls } = await cluster.access();
  await readTls(tls);
  await readTls(quorumTls);
  return [];
}

/** Whether the servers take our credentials; what is read and written follows in checks of its own. */
export async function checkSession(
  cluster: Cluster,
  { clock }: PreflightContext,
): Promise<readonly CheckResult[]> {
  const check = `credentials for the ${cluster.role}`;
  try {
    await withClient(await cluster.access(), clock, (client) => client.exists('/'));
  } catch (error) {
    const remedy = `correct ${cluster.role}.auth, sasl and tls; the server's log says what it refuses`;
    return [fail(check, failureOf(error).message, remedy)];
  }
  return [ok(check, 'a session was opened')];
}

/** Phase 6 needs them after the source is shut down, and a key that is missing then would be missed most. */
export async function checkArchive({
  config: { archive },
}: Pick<PreflightContext, 'config'>): Promise<readonly CheckResult[]> {
  if (archive === undefined) return [];
  const check = 'archive of the source';
  await newKey(keySourceOf(archive));
  try {
    await makeFolder(archive.folder, 0o700);
    await access(archive.folder, constants.W_OK);
  } catch (error) {
    return [fail(check, failureOf(error).message, 'let archive.folder be one that can be written to')];
  }
  return [ok(check, `the key is there, and ${archive.folder} can be written to`)];
}

/** Sends nothing. An alert that cannot be told stops no migration, so neither does this. */
export async function checkAlerts({
  config: { alerts },
  clock,
}: Pick<PreflightContext, 'config' | 'clock'>): Promise<readonly CheckResult[]> {
  const check = 'alert channels';
  const channels = alertChannels(alerts, clock);
  if (channels.length === 0) return [ok(check, 'none; status, log, audit log and metrics show alerts')];
  const names = channels.map(({ name }) => name).join(', ');
  const found = await Promise.all(
    channels.map(({ name, check: isReady }) =>
      isReady().then(
        () => [],
        (error: unknown) => {
          const { message, remedy } = failureOf(error);
          return [warn(check, `${name}: ${message}`, remedy ?? `correct alerts.${name}`)];
        },
      ),
    ),
  );
  const problems = found.flat();
  return problems.length > 0 ? problems : [ok(check, `${names}; nothing was sent`)];
}
