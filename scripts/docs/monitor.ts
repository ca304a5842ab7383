/** `docs/monitor/api.md` and `docs/monitor/configuration.md`: from the monitor's OpenAPI document and its schema. */
import {
  configEnvPrefix,
  createMonitorServer,
  loadMonitorConfig,
  monitorConfigSchema,
} from '@orchestrator/monitor';
import { schemaToMarkdown } from '@orchestrator/runtime';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { type OpenApi, routeSections } from './rest-api.ts';

async function readOpenApi(): Promise<OpenApi> {
  const workDir = await temporaryFolder('docs');
  try {
    const server = await createMonitorServer({ config: loadMonitorConfig({ flags: { workDir } }) });
    const answer = await server.http.fastify.inject('/api/openapi.json');
    await server.stop();
    return answer.json();
  } finally {
    await removeFolder(workDir);
  }
}

const apiIntroduction = `# API

\`GET /api/openapi.json\` is the OpenAPI document, with the shape of every answer; this page is an overview of it. The paths of
Weave Scope are answered in Scope's shapes, so that what was written for it goes on working; what is of our own ends its times
in \`Ms\` (since 1970).

- Programs send \`Authorization: Bearer TOKEN\` (\`auth.tokens\`), people have a cookie (\`POST /api/login\`, or single sign-on).
  Probes have tokens of their own, which are good for reports only.
- An error is \`{"code", "message", "remedy"}\` with a fitting status: 400 invalid, 401 not known, 403 not allowed, 404 not found,
  409 conflict, 412 not possible now, 413 and 429 too much, 503 not reachable, 504 the outcome is not known.
- Other than with Scope, a control that is refused is answered with such an error (404, 409, 503) and not with 400 and a text,
  \`/api/pipe/{id}/check\` of a pipe that nobody knows with 404, and where Scope counts seconds (uptime) there is the time that they
  count from. Answers may have members that Scope's have not.
- \`GET /healthz\` needs no credentials; \`GET /metrics\` gives Prometheus metrics to viewers.
- \`@orchestrator/monitor/schema\` has the shapes of cluster, migrations, files and login as zod schemas with their types.

\`\`\`
curl -H "Authorization: Bearer $TOKEN" 'http://127.0.0.1:4040/api/topology/containers?query=cpu>50%25'
curl -H "Authorization: Bearer $TOKEN" -X POST http://127.0.0.1:4040/api/containers/web/restart
\`\`\`
`;

const sockets = `## WebSockets

| Path | Messages |
| --- | --- |
| \`/api/topology/{view}/ws?t=1s&query=…\` | \`{add, update, remove, reset?}\`: the whole view first, then only what differs; what has come, gone or changed within 100 ms, what has only been measured every \`t\` (250ms to 60s, default 500ms); \`flows=1\` adds rates to what nodes talk to |
| \`/api/cluster/ws\` | \`ClusterDifference\`: everything with \`reset\`, then agents, frameworks and roles that have changed |
| \`/api/migrations/ws\` | \`MigrationEvent\`: what the coordinators of zk-migrate tell, each with its \`coordinator\` |
| \`/api/pipe/{id}\` | bytes of a terminal or a log, both ways; the one who opened it may look, and may come back for a minute |

A client that does not read is left out until it has read, then told everything that differs at once; after a minute it is closed
with 1013. All are closed with 1008 when the session that opened them is over, and with 1001 when the server ends.
`;

export async function monitorApiDocument(): Promise<string> {
  const sections = routeSections(await readOpenApi());
  return [apiIntroduction, ...sections.flatMap((section) => [section, '']), sockets].join('\n');
}

const configurationIntroduction = `# Configuration

One YAML (or JSON) file, \`orchestrator monitor --config FILE\`; every key is also a flag (\`--http.port 4040\`, or \`--http-port\`) and
a variable (\`${configEnvPrefix}HTTP_PORT\`). Flags win over variables, and these over the file. A wrong key or value is named with its
line, and nothing is started. Secrets never stand in it: they are named as \`{file: PATH}\` or \`{env: NAME}\`.

\`\`\`yaml
workDir: /var/lib/orchestrator/monitor
http:
  host: 0.0.0.0
  tls: { cert: /etc/orchestrator/monitor.pem, key: /etc/orchestrator/monitor.key }
probes:
  host: 0.0.0.0
  tls: { cert: /etc/orchestrator/monitor.pem, key: /etc/orchestrator/monitor.key }
  tokens: [{ file: /etc/orchestrator/probe-token }]
cluster:
  master: zk://10.0.1.10:2181,10.0.1.11:2181,10.0.1.12:2181/mesos
migrations:
  coordinators:
    - { name: east, url: "https://10.0.1.10:8080", token: { file: /etc/orchestrator/coordinator-token } }
controls:
  roles: { docker_remove_container: admin, migration.advance: admin }
\`\`\`
`;

export const monitorConfigurationDocument = (): string =>
  [configurationIntroduction, schemaToMarkdown(monitorConfigSchema)].join('\n');
