import { create } from '@bufbuild/protobuf';
import { ReportError } from '../errors.ts';
import { type FrameTemplate, FrameTemplateSchema } from '../gen/orchestrator/monitor/v1/template_pb.ts';
import type { Leaf } from '../leaf.ts';
import type { Template } from '../template.ts';

export function writeTemplate(key: string, { timeMs, value }: Leaf<Template>): FrameTemplate {
  if (value === undefined) return create(FrameTemplateSchema, { key, timeMs });
  switch (value.kind) {
    case 'metadata':
      return create(FrameTemplateSchema, { key, timeMs, template: { case: 'metadata', value } });
    case 'metric':
      return create(FrameTemplateSchema, { key, timeMs, template: { case: 'metric', value } });
    case 'table':
      return create(FrameTemplateSchema, {
        key,
        timeMs,
        template: {
          case: 'table',
          value: { ...value, columns: [...value.columns], fixedRows: { ...value.fixedRows } },
        },
      });
    case 'control':
      return create(FrameTemplateSchema, {
        key,
        timeMs,
        template: { case: 'control', value: { ...value, inputs: [...value.inputs] } },
      });
    case 'topology':
      return create(FrameTemplateSchema, { key, timeMs, template: { case: 'topology', value } });
  }
}

/** `text` if it is one of `known`, else the first of these: a newer probe's word must not break an older app. */
function oneOf<Text extends string>(text: string, known: readonly [Text, ...Text[]]): Text {
  return known.find((one) => one === text) ?? known[0];
}

function readValue({ template }: FrameTemplate): Template | undefined {
  switch (template.case) {
    case undefined:
      return undefined;
    case 'metadata': {
      const { id, label, priority, from, dataType, truncate } = template.value;
      return {
        kind: 'metadata',
        id,
        label,
        priority,
        from: oneOf(from, ['latest', 'sets', 'counters']),
        dataType: oneOf(dataType, ['', 'number', 'ip', 'datetime', 'duration', 'link']),
        truncate,
      };
    }
    case 'metric': {
      const { id, label, priority, format, group } = template.value;
      const formats = ['', 'filesize', 'integer', 'percent', 'rate'] as const;
      return { kind: 'metric', id, label, priority, format: oneOf(format, formats), group };
    }
    case 'table': {
      const { id, label, prefix, type, columns, fixedRows } = template.value;
      return {
        kind: 'table',
        id,
        label,
        prefix,
        type: oneOf(type, ['property-list', 'multicolumn-table']),
        columns: columns.map((column) => ({
          id: column.id,
          label: column.label,
          dataType: column.dataType,
        })),
        fixedRows,
      };
    }
    case 'control': {
      const { id, human, icon, rank, confirmation } = template.value;
      const inputs = template.value.inputs.map((input) => ({ id: input.id, label: input.label }));
      return { kind: 'control', id, human, icon, rank, confirmation, inputs };
    }
    case 'topology': {
      const { shape, label, labelPlural } = template.value;
      return { kind: 'topology', id: 'topology', shape, label, labelPlural };
    }
  }
}

export function readTemplate(frame: FrameTemplate): [string, Leaf<Template>] {
  if (!Number.isFinite(frame.timeMs)) {
    throw new ReportError(`template ${frame.key} has a time that is no number`, { code: 'invalid' });
  }
  return [frame.key, { timeMs: frame.timeMs, value: readValue(frame) }];
}
