import { containerNodeId } from '../host/facts.ts';
import type { Source, SourceContext } from '../source.ts';
import { type DockerApi, dockerApi } from './api.ts';
import { registerDockerControls } from './controls.ts';
import { createDeathWatch } from './deaths.ts';
import { describeContainer, describeImage } from './describe.ts';
import { followEvents } from './events.ts';
import type { Container, DockerEvent } from './inspect.ts';
import { createInventory, listContainers } from './inventory.ts';
import { createLateLooks } from './late-looks.ts';
import { createContainerMeter } from './metrics.ts';
import { containerTemplates, imageTemplates } from './templates.ts';

export interface DockerSourceOptions {
  /** Default `/var/run/docker.sock`. */
  readonly socketPath?: string;
  /** Show the values of environment variables that are called as secrets are. Default false. */
  readonly showSecrets?: boolean;
  /** Containers that do not run, shown at most: the newest. Default 100. */
  readonly stoppedLimit?: number;
  /** Distance of readings of usage. Default 3000. */
  readonly metricsEveryMs?: number;
  /** Start, stop, exec and so on from the console. Default true. */
  readonly controls?: boolean;
  /** List, read and download files of containers; needs `controls`. Default true. */
  readonly files?: boolean;
}

const metricsShare = 0.01;
/**
 * A container that is created is mostly started at once, and one that starts or ends is connected or disconnected before. So these
 * events wait for the next one of their container, and make a look of their own only if none comes.
 */
const lateLookMs = 1_000;
/** The engine may not answer about one container while it does about all others. */
const lookAgainMs = 10_000;
/** Events that say the state themselves, which is sooner than a look, and may be all there is. */
const stateAfter: ReadonlyMap<string, string> = new Map([
  ['pause', 'paused'],
  ['unpause', 'running'],
]);

/** The containers and images of a Docker Engine: what they are from its events, what they use from the kernel. */
export function dockerSource(options: DockerSourceOptions = {}): Source {
  return {
    name: 'docker',
    start(context) {
      const abort = new AbortController();
      const { clock, logger } = context;
      const { socketPath } = options;
      const api = dockerApi({ clock, ...(socketPath === undefined ? {} : { socketPath }) });
      const watch = createWatch(context, api, options);
      const job = context.scheduler.add({
        name: 'container usage',
        everyMs: options.metricsEveryMs ?? 3_000,
        share: metricsShare,
        run: watch.readUsage,
      });
      const { controls, files } = offeredBy(options);
      const withdraw = controls ? registerDockerControls(context, api, { files }) : undefined;
      const following = followEvents({ api, clock, logger, signal: abort.signal, ...watch.handlers });
      return async () => {
        abort.abort();
        job.remove();
        withdraw?.();
        await following;
        watch.stop();
      };
    },
  };
}

const offeredBy = ({ controls = true, files = true }: DockerSourceOptions) => ({ controls, files });

function createWatch(context: SourceContext, api: DockerApi, options: DockerSourceOptions) {
  const { board, clock, host, logger, places } = context;
  const { showSecrets = false, stoppedLimit = 100 } = options;
  const offered = offeredBy(options);
  const meter = createContainerMeter({ host, clock });
  const stopped = new Set<string>();
  const known = new Map<string, Container>();
  board.templates('container', containerTemplates);
  board.templates('container_image', imageTemplates);

  const remove = (id: string) => {
    meter.forget(id);
    deaths.forget(id);
    places.remove(id);
    lateLooks.cancel(id);
    stopped.delete(id);
    known.delete(id);
    board.remove('container', containerNodeId(id), 'now');
  };

  /** The set is in the order in which they stopped; the first one goes when there are too many. */
  const boundStopped = (container: Container) => {
    stopped.delete(container.id);
    if (container.pid !== 0) return;
    stopped.add(container.id);
    const oldest = stopped.size > stoppedLimit ? stopped.values().next().value : undefined;
    if (oldest !== undefined) remove(oldest);
  };

  const write = (container: Container) => {
    known.set(container.id, container);
    meter.follow(container);
    places.put({ ...container, containerId: container.id });
    board.see('container', containerNodeId(container.id), describeContainer(host, container, offered), 'now');
    boundStopped(container);
  };

  const deaths = createDeathWatch({ clock, procRoot: host.procRoot, died: write });

  const lateLooks = createLateLooks(clock, (id) => inventory.look(id));
  const inventory = createInventory({
    api,
    showSecrets,
    found: (container) => write(deaths.seen(container)),
    gone: remove,
    failed: (id, error) => {
      logger.debug('a container could not be looked at', { error });
      lateLooks.put(id, lookAgainMs);
    },
    overflow: () => void listAll().catch(reportFailure),
  });

  const reportFailure = (error: unknown) => logger.warn('Docker could not be listed', { error });

  const listAll = async () => {
    const ids = new Set(await listContainers(api, stoppedLimit));
    board.keepOnly('container', (id) => ids.has(id.split(';', 1)[0] ?? ''), 'now');
    for (const id of [...known.keys()]) if (!ids.has(id)) remove(id);
    for (const id of ids) inventory.look(id);
    await listImages();
  };

  const listImages = async () => {
    const answer = await api.get('/images/json');
    const images = (Array.isArray(answer) ? answer : [])
      .map((image) => describeImage(host, image, { showSecrets }))
      .filter((image) => image !== undefined);
    const ids = new Set(images.map(({ id }) => id));
    for (const { id, sighting } of images) board.see('container_image', id, sighting);
    board.keepOnly('container_image', (id) => ids.has(id));
  };

  const handle = ({ type, action, id, containerId }: DockerEvent) => {
    if (type === 'image') void listImages().catch(reportFailure);
    else if (type === 'network') {
      if (containerId !== undefined) lateLooks.put(containerId, lateLookMs);
    } else if (action === 'destroy') {
      inventory.forget(id);
      remove(id);
    } else if (action === 'kill') deaths.signalled(id);
    else if (action === 'create') lateLooks.put(id, lateLookMs);
    else {
      const [before, state] = [known.get(id), stateAfter.get(action)];
      if (before !== undefined && state !== undefined) write({ ...before, state });
      lateLooks.cancel(id);
      inventory.look(id);
    }
  };

  return {
    readUsage() {
      for (const id of meter.ids()) board.read('container', containerNodeId(id), meter.readings(id));
    },
    stop() {
      lateLooks.stop();
      deaths.stop();
      meter.stop();
    },
    handlers: {
      opened: listAll,
      event: handle,
      lost: () => logger.debug('the stream of Docker events ended'),
    },
  };
}
