import type { z } from 'zod';
import { isSecretName, maskedValue, redactSecrets } from '../secrets.ts';
import { RequestError } from './answer.ts';

/** The longest value that an answer quotes, in characters. */
const longestQuote = 80;

/** Checks one part of a request. @throws RequestError (`invalid`) with every field at fault */
export function validate<Schema extends z.ZodType>(
  part: 'path' | 'query' | 'body',
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RequestError(
    parsed.error.issues.map((issue) => {
      const found = issue.path.reduce<unknown>(
        (inner, segment) =>
          typeof inner === 'object' && inner !== null ? Reflect.get(inner, segment) : undefined,
        value,
      );
      const secret = issue.path.some((segment) => typeof segment === 'string' && isSecretName(segment));
      return {
        field: [part, ...issue.path.map(String)].join('.'),
        ...(found === undefined ? {} : { value: secret ? maskedValue : quote(found) }),
        expected:
          found === undefined && issue.code === 'invalid_type'
            ? `required, but missing (${issue.expected})`
            : issue.message,
      };
    }),
  );
}

function quote(value: unknown): string {
  const text = JSON.stringify(redactSecrets(value)) ?? String(value);
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text;
}
