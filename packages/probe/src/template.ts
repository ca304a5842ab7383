/** Templates in few words. */
import type { Template } from '@orchestrator/report';

type DataType = '' | 'number' | 'ip' | 'datetime' | 'duration' | 'link';

export const metadata = (
  id: string,
  label: string,
  priority: number,
  dataType: DataType = '',
  truncate = 0,
): Template => ({ kind: 'metadata', id, label, priority, from: 'latest', dataType, truncate });

export const set = (id: string, label: string, priority: number): Template => ({
  kind: 'metadata',
  id,
  label,
  priority,
  from: 'sets',
  dataType: '',
  truncate: 0,
});

export const count = (id: string, label: string, priority: number): Template => ({
  kind: 'metadata',
  id,
  label,
  priority,
  from: 'counters',
  dataType: 'number',
  truncate: 0,
});

export const metric = (
  id: string,
  label: string,
  priority: number,
  format: '' | 'integer' | 'percent' | 'filesize' | 'rate',
  group = '',
): Template => ({ kind: 'metric', id, label, priority, format, group });

export const table = (id: string, label: string): Template => ({
  kind: 'table',
  id,
  label,
  prefix: id,
  type: 'property-list',
  columns: [],
  fixedRows: {},
});

export const control = (
  id: string,
  human: string,
  icon: string,
  rank: number,
  confirmation = '',
): Template => ({
  kind: 'control',
  id,
  human,
  icon,
  rank,
  confirmation,
  inputs: [],
});

export const topology = (shape: string, label: string, labelPlural = `${label}s`): Template => ({
  kind: 'topology',
  id: 'topology',
  shape,
  label,
  labelPlural,
});
