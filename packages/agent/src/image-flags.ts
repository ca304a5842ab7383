/** Flags about images. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FlagReader } from '@orchestrator/mesos';
import { AgentError } from './errors.ts';
import { parseObject } from './object-flag.ts';

export interface ImageSettings {
  storePath: string;
  /** Of names without one. */
  defaultRegistry: string;
  /** Share of the disk that is to stay free. */
  diskHeadroom: number;
  /** Names that are never removed. */
  excluded: readonly string[];
}

/** Path of the program. */
export function imageGateOf(read: FlagReader): string | undefined {
  const program = read.text('image_gate');
  if (program === undefined || existsSync(program)) return program;
  throw new AgentError(
    'Config',
    `--image_gate is ${program}, which is not there; give the path of a program`,
  );
}

/** `{"image_disk_headroom": 0.2, "excluded_images": ["name"]}` */
function imageGcOf(read: FlagReader): Pick<ImageSettings, 'diskHeadroom' | 'excluded'> {
  const given = parseObject(read, 'image_gc_config', '{"image_disk_headroom": 0.1, …}');
  const { image_disk_headroom: diskHeadroom = 0.1, excluded_images: excluded = [] } = given;
  const isShare = typeof diskHeadroom === 'number' && diskHeadroom >= 0 && diskHeadroom <= 1;
  const isNames = Array.isArray(excluded) && excluded.every((name) => typeof name === 'string');
  if (isShare && isNames) return { diskHeadroom, excluded };
  throw new AgentError(
    'Config',
    '--image_gc_config has a headroom that is no share of 1, or names that are no text',
  );
}

/** Undefined without `--image_providers`. */
export function imagesOf(read: FlagReader, workDir: string): ImageSettings | undefined {
  const providers = read.list('image_providers').map((name) => name.toLowerCase());
  const unknown = providers.find((name) => name !== 'docker');
  if (unknown !== undefined)
    throw new AgentError('Config', `--image_providers has ${unknown}; there is docker alone`);
  if (providers.length === 0) return undefined;
  return {
    storePath: read.text('docker_store_dir') ?? join(workDir, 'store/docker'),
    defaultRegistry: read.text('docker_registry') ?? '',
    ...imageGcOf(read),
  };
}
