/** Files within containers, as the probe on their host sees them. */
import { z } from 'zod';

export const containerFile = z
  .looseObject({
    name: z.string(),
    type: z.enum(['file', 'folder', 'link', 'other']),
    size: z.number(),
    mode: z.union([z.number(), z.string()]),
    modified: z.number().describe('Milliseconds since 1970'),
    target: z.string().optional().describe('Of a link'),
  })
  .meta({ id: 'ContainerFile' });

export const containerListing = z.looseObject({
  path: z.string(),
  entries: z.array(containerFile),
  truncated: z.boolean(),
});

export const containerFileText = z.looseObject({
  path: z.string(),
  size: z.number(),
  offset: z.number(),
  encoding: z.enum(['utf8', 'base64']),
  content: z.string(),
});

export type ContainerFile = z.output<typeof containerFile>;
