import { z } from 'zod';

/** How one can log in: what a page offers to whoever is not known. */
export const loginMethods = z
  .object({
    open: z.boolean().describe('Nobody has to'),
    password: z.boolean(),
    oidc: z
      .object({ label: z.string(), url: z.string().describe('To be gone to; `?return=/path`') })
      .nullable(),
  })
  .meta({ id: 'LoginMethods' });

export type LoginMethods = z.output<typeof loginMethods>;
