/** The write endpoints from before v1: forms and JSON bodies, turned into the writes of the operator API. */
import {
  HttpRefusal,
  MachineIDSchema,
  type MachineIDValid,
  MesosError,
  maintenance,
  makeMessage,
  master,
  parseJson,
  quota,
  ResourceSchema,
  type ResourceValid,
  readJsonValue,
  setResourceFormat,
  WeightInfoSchema,
} from '@orchestrator/mesos';
import type { OperatorWrite } from '../core/events.ts';

const bad = (message: string) => new HttpRefusal(400, message);

/** Reads JSON; what is wrong with it stands behind `prefix`. */
function reading<Result>(prefix: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof MesosError) throw bad(`${prefix}${error.message}`);
    throw error;
  }
}

function field(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null) throw bad(`Missing '${name}' query parameter in the request body`);
  return value;
}

function listOf(form: URLSearchParams, name: string): ResourceValid[] {
  const text = field(form, name);
  const values = reading(`Error in parsing '${name}' query parameter in the request body: `, () =>
    parseJson(text),
  );
  if (!Array.isArray(values)) {
    throw bad(`Error in parsing '${name}' query parameter in the request body: it is no JSON array`);
  }
  return values.map((value) => {
    const prefix = `Error in parsing '${name}' query parameter in the request body: `;
    const resource = reading(prefix, () => readJsonValue(ResourceSchema, value, { names: 'v0' }));
    setResourceFormat(resource, 'stack');
    return resource;
  });
}

const bodies = {
  '/reserve': ['reserve', 'resources', master.Call_ReserveResourcesSchema],
  '/unreserve': ['unreserve', 'resources', master.Call_UnreserveResourcesSchema],
  '/create-volumes': ['create-volumes', 'volumes', master.Call_CreateVolumesSchema],
  '/destroy-volumes': ['destroy-volumes', 'volumes', master.Call_DestroyVolumesSchema],
} as const;

function resourceWrite(path: keyof typeof bodies, body: string): OperatorWrite {
  const form = new URLSearchParams(body);
  const agentId = { value: field(form, 'slaveId') };
  const [type, name, schema] = bodies[path];
  const call = makeMessage(schema, { agentId, [name]: listOf(form, name) });
  return { type, call } as OperatorWrite;
}

function machinesOf(body: string): MachineIDValid[] {
  const values = reading('', () => parseJson(body));
  if (!Array.isArray(values)) throw bad('Expecting a JSON array of machines');
  return values.map((value) => reading('', () => readJsonValue(MachineIDSchema, value, { names: 'v0' })));
}

function weightsWrite(body: string): OperatorWrite {
  const prefix = `Failed to parse update weights request JSON '${body}': `;
  const values = reading(prefix, () => parseJson(body));
  if (!Array.isArray(values)) throw bad(`${prefix}it is no JSON array`);
  const weightInfos = values.map((value) =>
    reading('Failed to convert weights JSON into protobuf: ', () =>
      readJsonValue(WeightInfoSchema, value, { names: 'v0' }),
    ),
  );
  return { type: 'update-weights', call: makeMessage(master.Call_UpdateWeightsSchema, { weightInfos }) };
}

function quotaWrite(body: string): OperatorWrite {
  const value = reading(`Failed to parse set quota request JSON '${body}': `, () => parseJson(body));
  const quotaRequest = reading('Failed to parse set quota request: ', () =>
    readJsonValue(quota.QuotaRequestSchema, value, { names: 'v0' }),
  );
  return { type: 'set-quota', call: makeMessage(master.Call_SetQuotaSchema, { quotaRequest }) };
}

/** What a request to one of these endpoints asks for. @throws HttpRefusal */
export function legacyWrite(method: string, path: string, body: string): OperatorWrite {
  switch (path) {
    case '/reserve':
    case '/unreserve':
    case '/create-volumes':
    case '/destroy-volumes':
      return resourceWrite(path, body);
    case '/teardown':
      return { type: 'teardown', frameworkId: field(new URLSearchParams(body), 'frameworkId') };
    case '/weights':
      return weightsWrite(body);
    case '/machine/down': {
      const machines = machinesOf(body);
      return {
        type: 'start-maintenance',
        call: makeMessage(master.Call_StartMaintenanceSchema, { machines }),
      };
    }
    case '/machine/up': {
      const machines = machinesOf(body);
      return { type: 'stop-maintenance', call: makeMessage(master.Call_StopMaintenanceSchema, { machines }) };
    }
    case '/maintenance/schedule': {
      const value = reading('', () => parseJson(body));
      const schedule = reading('', () => readJsonValue(maintenance.ScheduleSchema, value, { names: 'v0' }));
      const call = makeMessage(master.Call_UpdateMaintenanceScheduleSchema, { schedule });
      return { type: 'update-schedule', call };
    }
    default:
      if (method !== 'DELETE') return quotaWrite(body);
      return {
        type: 'remove-quota',
        role: decodeURIComponent(path.slice('/quota/'.length)),
        path: `/master${path}`,
      };
  }
}
