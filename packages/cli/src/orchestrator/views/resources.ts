/** Resources as one reads them: sums by name, whoever they are reserved for. */
import { formatThousandths, type Resource, Resources } from '@orchestrator/mesos';

/** Scalars as numbers, ranges and sets as Mesos prints them: `{ cpus: 2, mem: 512, ports: "[31000-31001]" }`. */
export type ResourceView = Readonly<Record<string, number | string>>;

export function viewResources(messages: readonly Resource[]): ResourceView {
  const all = Resources.from(messages).toUnreserved().allocatedTo(undefined);
  const view: Record<string, number | string> = {};
  for (const [name, thousandths] of all.scalars()) view[name] = thousandths / 1000;
  const others = all.filter(({ name, type }) => type !== 'scalar' && !(name in view));
  for (const { kind } of others) {
    const text = others.filter(({ name }) => name === kind.name).toString();
    view[kind.name] = text.slice(text.indexOf(':') + 1);
  }
  return view;
}

const units: Readonly<Record<string, string>> = { mem: 'MB', disk: 'MB' };
/** First what everybody asks for. */
const order = ['cpus', 'gpus', 'mem', 'disk'];

function rank(name: string): number {
  const index = order.indexOf(name);
  return index < 0 ? order.length : index;
}

/** `2 cpus, 512 MB mem, ports [31000-31001]`; `-` for nothing. */
export function describeResources(view: ResourceView): string {
  const entries = Object.entries(view).sort(([a], [b]) => rank(a) - rank(b));
  const texts = entries
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => {
      if (typeof value === 'string') return `${name} ${value}`;
      const amount = formatThousandths(Math.round(value * 1000));
      return units[name] === undefined ? `${amount} ${name}` : `${amount} ${units[name]} ${name}`;
    });
  return texts.length === 0 ? '-' : texts.join(', ');
}

/** `1.5 of 4`: of a scalar. */
export function describeUse(name: string, used: ResourceView, total: ResourceView): string {
  const amount = (view: ResourceView) => Number(view[name] ?? 0);
  const text = (value: number) => formatThousandths(Math.round(value * 1000));
  return `${text(amount(used))} of ${text(amount(total))}`;
}
