/** Resources as people read them. Pure. */
import type { Quantities } from '@orchestrator/monitor/schema';
import { formatBytes, formatNumber } from '../ui/format.ts';

const bytesPerMb = 1_048_576;
const inMb: ReadonlySet<string> = new Set(['mem', 'disk']);
const order = ['cpus', 'mem', 'disk', 'gpus', 'ports'];

export const resourceLabels: Readonly<Record<string, string>> = {
  ...{ cpus: 'CPUs', mem: 'Memory', disk: 'Disk', gpus: 'GPUs', ports: 'Ports' },
};

export const labelOf = (name: string): string => resourceLabels[name] ?? name;

/** Those that people ask for first, then the others by name. */
export function namesOf(...all: readonly Quantities[]): readonly string[] {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const names = [...new Set(all.flatMap(Object.keys))];
  return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

export const amountText = (name: string, value: number): string =>
  inMb.has(name) ? formatBytes(value * bytesPerMb) : formatNumber(value);

/** `2 CPUs, 1 GiB memory`; what is zero is left out. */
export function quantitiesText(quantities: Quantities): string {
  const parts = namesOf(quantities)
    .filter((name) => (quantities[name] ?? 0) > 0)
    .map((name) => `${amountText(name, quantities[name] ?? 0)} ${labelOf(name)}`);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

/** `cpus:2;mem:512`, as Mesos writes resources. */
export const quantitiesFlag = (quantities: Quantities): string =>
  namesOf(quantities)
    .map((name) => `${name}:${quantities[name]}`)
    .join(';');

export interface ParsedAmounts {
  readonly amounts: Quantities;
  /** What is wrong, for beside the field. */
  readonly problem: string | undefined;
}

const partPattern = /^([a-zA-Z_][\w-]*)\s*:\s*(\d+(?:\.\d+)?)$/;

/** Reads `cpus:2; mem:512`; empty text is nothing. */
export function parseAmounts(text: string): ParsedAmounts {
  const amounts: Record<string, number> = {};
  for (const part of text.split(';').map((each) => each.trim())) {
    if (part === '') continue;
    const found = partPattern.exec(part);
    if (found === null)
      return { amounts: {}, problem: `“${part}” is not NAME:NUMBER, such as cpus:2 or mem:512 (in MB)` };
    amounts[found[1] as string] = Number(found[2]);
  }
  return { amounts, problem: undefined };
}
