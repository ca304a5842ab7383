import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { errorBody } from './answer.ts';
import type { RouteDescription, RouteSchemas } from './route.ts';

const toSchema = (schema: z.ZodType, io: 'input' | 'output') => {
  const {
    $schema: _dialect,
    id: _id,
    ...plain
  } = z.toJSONSchema(schema, { io, target: 'openapi-3.0', unrepresentable: 'any' });
  return plain;
};

const errors = toSchema(errorBody, 'output');

/** Fastify's form of a route's schemas; it only documents, since zod does the checking. */
export function describeRoute(
  schemas: RouteSchemas,
  description: RouteDescription,
  secured: boolean,
): FastifySchema {
  const { params, query, body, response } = schemas;
  const { summary, tags } = description;
  return {
    ...(summary === undefined ? {} : { summary }),
    ...(description.description === undefined ? {} : { description: description.description }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(secured ? { security: [{ bearer: [] }, { basic: [] }] } : {}),
    ...(params === undefined ? {} : { params: toSchema(params, 'input') }),
    ...(query === undefined ? {} : { querystring: toSchema(query, 'input') }),
    ...(body === undefined ? {} : { body: toSchema(body, 'input') }),
    response: {
      '2xx':
        response === undefined
          ? { type: 'null', description: 'Done' }
          : withDescription(toSchema(response, 'output')),
      default: { ...errors, description: 'Refused or failed' },
    },
  };
}

const withDescription = (schema: object) => ({ description: 'Done', ...schema });

export const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'basic' },
} as const;
