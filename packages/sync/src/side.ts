/** One ensemble as an engine instance holds it, leading or not: reached, its version known, its mirror kept. */
import type { Clock, Logger, Random } from '@orchestrator/runtime';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { type ReachableEnsemble, resolveAccess } from './access.ts';
import type { Capture } from './capture/capture.ts';
import { type CaptureChoice, chooseCapture } from './capture/choose.ts';
import { observerCapture } from './capture/observer.ts';
import { pollingCapture } from './capture/polling.ts';
import { isAtLeast, readServerVersion, type ServerVersion } from './capture/server-version.ts';
import type { Scope } from './core/scope.ts';
import type { Side } from './core/types.ts';
import type { CaptureMode, EnsembleAccess } from './engine-types.ts';
import { reasonOf, SyncError } from './errors.ts';
import { Follower } from './follower.ts';

export interface OpenSideOptions {
  readonly side: Side;
  readonly access: EnsembleAccess;
  readonly capture: CaptureMode | 'auto';
  /** Why the observer that was there is given up. */
  readonly observerLost?: string | undefined;
  readonly connectTimeoutMs: number;
  readonly scope: Scope;
  /** As of `PollingCaptureOptions`. */
  readonly landmark: string;
  readonly workFolder: string;
  readonly maxNodesInMemory: number;
  /** The stream has broken for good. */
  readonly onFailure: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface LinkState {
  readonly up: boolean;
  readonly reason: string;
  readonly sinceMs: number;
}

export interface EngineSide {
  readonly side: Side;
  readonly ensemble: ReachableEnsemble;
  readonly version: ServerVersion | undefined;
  /** For reads; several users share it. */
  readonly reader: ZooKeeperClient;
  readonly follower: Follower;
  readonly choice: CaptureChoice;
  readonly link: () => LinkState;
  close(): Promise<void>;
}

const versionTimeoutMs = 3_000;
/** How long a quorum port may take to accept us. */
export const observerTimeoutMs = 10_000;
const sessionTimeoutMs = 15_000;

/** Throws `Unreachable`, `VersionTooOld`, `NoObserver` or `BadOption`. The mirror comes with `follower.start()`. */
export async function openSide(options: OpenSideOptions): Promise<EngineSide> {
  const { side, clock, random, logger } = options;
  const ensemble = await resolveAccess(options.access, { clock, random });
  const version = await versionOf(side, ensemble, clock);
  const reader = await connectReader(side, ensemble, options.connectTimeoutMs);
  try {
    const choice = await chooseCapture({
      ensemble,
      wanted: options.capture,
      observerLost: options.observerLost,
      version,
      clock,
      timeoutMs: observerTimeoutMs,
    });
    logger.info('capture is chosen', { side, mode: choice.mode, reason: choice.reason });
    let link: LinkState = { up: true, reason: choice.reason, sinceMs: clock.monotonicMs() };
    const follower = new Follower({
      side,
      capture: createCapture(choice, ensemble, options),
      logger,
      onFailure: options.onFailure,
      onLink: (up, reason) => {
        if (up !== link.up)
          logger[up ? 'info' : 'warn'](up ? 'link is up' : 'link is down', { side, reason });
        link = { up, reason, sinceMs: up === link.up ? link.sinceMs : clock.monotonicMs() };
      },
    });
    return {
      side,
      ensemble,
      version,
      reader,
      follower,
      choice,
      link: () => link,
      close: async () => {
        await follower.stop();
        await reader.close();
      },
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function versionOf(
  side: Side,
  { name, client }: ReachableEnsemble,
  clock: Clock,
): Promise<ServerVersion | undefined> {
  const { tls } = client;
  const version = await readServerVersion({ connectString: name, tls, timeoutMs: versionTimeoutMs, clock });
  if (version === undefined || isAtLeast(version, 3, 4)) return version;
  throw new SyncError(
    'VersionTooOld',
    `the ${side} ${name} runs ZooKeeper ${version.text}; 3.4 or later is needed. Upgrade it in place first`,
  );
}

async function connectReader(
  side: Side,
  ensemble: ReachableEnsemble,
  readyTimeoutMs: number,
): Promise<ZooKeeperClient> {
  try {
    return await connect({ ...ensemble.client, sessionTimeoutMs, readyTimeoutMs });
  } catch (error) {
    throw new SyncError(
      'Unreachable',
      `the ${side} cannot be reached: ${reasonOf(error)}. Check the addresses, the firewall and the credentials`,
      error,
    );
  }
}

function createCapture(
  choice: CaptureChoice,
  ensemble: ReachableEnsemble,
  options: OpenSideOptions,
): Capture {
  const { workFolder, maxNodesInMemory, scope, landmark, clock, logger } = options;
  const { mode, reason } = choice;
  if (mode === 'observer') return observerCapture({ ensemble, reason, workFolder, maxNodesInMemory });
  return pollingCapture({
    ensemble,
    mode,
    reason,
    scope,
    landmark,
    workFolder,
    maxNodesInMemory,
    clock,
    logger,
  });
}
