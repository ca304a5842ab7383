/** `docs/zk-migrate/rest-api.md`: the routes, from the OpenAPI document that the server gives. */
import { join } from 'node:path';
import { createMigrationServer } from '@orchestrator/migration';
import { openStore } from '@orchestrator/store';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { codeCell, table } from './markdown.ts';

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly properties?: object } }>>;
  };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

async function readOpenApi(): Promise<OpenApi> {
  const folder = await temporaryFolder('docs');
  const store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
  try {
    const { http } = await createMigrationServer({
      store,
      workFolder: folder,
      instance: 'docs',
      version: 'any',
      http: { auth: 'off' },
    });
    const answer = await http.fastify.inject('/api/v1/openapi.json');
    await http.close();
    return answer.json();
  } finally {
    await store.close();
    await removeFolder(folder);
  }
}

function inputsOf({ parameters = [], requestBody }: Operation): string {
  const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => `?${name}`);
  const body = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
    Object.keys(schema.properties ?? {}),
  );
  return [...query, ...body].map(codeCell).join(', ');
}

const introduction = `# REST API

The server of \`zk-migrate start\` or \`serve\` gives its OpenAPI document at \`/api/v1/openapi.json\`; this page is an overview of
it. Paths, names and answers follow these rules:

- \`Authorization: Bearer TOKEN\`, or HTTP Basic, or a client certificate. Commands of the same user on the same machine find
  address and token in \`server.json\` in the work folder.
- JSON with \`snake_case\` names. Times are milliseconds since 1970 (\`…_ms\`), 64-bit numbers are decimal strings, data of znodes is
  Base64.
- An error is \`{"code", "message", "remedy"}\` with a fitting status: 400 invalid, 401 and 403 credentials, 404 not found, 409
  conflict, 412 not possible in this state, 503 and 504 not reachable now.
- \`GET /healthz\` needs no credentials; \`GET /metrics\` gives Prometheus metrics.

\`\`\`
curl -H "Authorization: Bearer $(jq -r .token server.json)" "$(jq -r .url server.json)/api/v1/migrations"
\`\`\`
`;

const events = `## Live events

\`GET /api/v1/events\` is a WebSocket (\`?migration=ID\` for one migration only). Each message is one JSON object:

| \`kind\` | Holds |
| --- | --- |
| \`record\` | \`record\`: the migration, as \`GET /api/v1/migrations/{id}\` gives it, whenever its status, phase or step changes |
| \`live\` | \`live\`: progress, instruction, synchronisation, quorums, clients and alerts, as in \`/health\`, as often as they change |
| \`audit\` | \`entry\`: an entry of the audit log |
`;

/** A section for each tag, a row for each route. */
export function routeSections({ paths }: OpenApi): string[] {
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      call: `${method.toUpperCase()} ${path}`,
      ...operation,
      inputs: inputsOf(operation),
    })),
  );
  const tags = [...new Set(routes.flatMap((route) => route.tags ?? []))];
  return tags.map((tag) => {
    const rows = routes
      .filter((route) => route.tags?.includes(tag))
      .map(({ call, inputs, summary }) => [codeCell(call), inputs, summary ?? '']);
    return `## ${tag}\n\n${table(['Request', 'Takes', 'What'], rows)}`;
  });
}

export async function restApiDocument(): Promise<string> {
  const sections = routeSections(await readOpenApi());
  return [introduction, ...sections.flatMap((section) => [section, '']), events].join('\n');
}
