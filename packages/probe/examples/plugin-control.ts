/**
 * A plugin with a control and a table: notes that people leave on a host.
 *
 *   node packages/probe/examples/plugin-control.ts [FOLDER [HOST]]
 *
 * `HOST` is the `host.id` of the probe; by default both are the name of this machine.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

const id = 'notes';
const socketPath = join(process.argv[2] ?? '/var/run/orchestrator/plugins', `${id}.sock`);
const node = `${process.argv[3] ?? hostname()};<host>`;
const noteLimit = 20;
const notes: string[] = [];

function report(): object {
  const timestamp = new Date().toISOString();
  const rows = notes.map((value, index) => [`note_${index + 1}`, { timestamp, value }]);
  return {
    Host: {
      nodes: {
        [node]: {
          latest: Object.fromEntries(rows),
          latestControls: { add: { timestamp, value: { dead: false } } },
        },
      },
      table_templates: {
        note_: {
          id: 'note_',
          label: 'Notes',
          prefix: 'note_',
          type: 'property-list',
          columns: null,
          fixedRows: {},
        },
      },
      controls: {
        add: {
          ...{ id: 'add', human: 'Leave a note', icon: 'fa fa-pen', rank: 20 },
          inputs: [{ id: 'text', label: 'Note' }],
        },
      },
    },
    Plugins: [
      {
        id,
        label: 'Notes',
        description: 'Left on hosts',
        interfaces: ['reporter', 'controller'],
        api_version: '1',
      },
    ],
  };
}

/** The answer to a control: what it changed is told at once, in the same form as a report. */
function leave(note: unknown): object {
  if (typeof note !== 'string' || note === '') return { error: 'a note needs a text' };
  if (notes.length >= noteLimit) return { error: `there are ${noteLimit} notes already` };
  notes.push(note);
  return { shortcutReport: report() };
}

rmSync(socketPath, { force: true });
createServer(async (request, response) => {
  const call: unknown = request.method === 'POST' ? await json(request) : undefined;
  response.end(JSON.stringify(call === undefined ? report() : leave(Object(call).ControlArgs?.text)));
}).listen(socketPath);
