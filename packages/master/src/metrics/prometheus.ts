/**
 * `/metrics` in Prometheus' text format. Names are those of `/metrics/snapshot` with underscores and `mesos_` in front
 * (`mesos_master_tasks_running`); what stands for a framework, a role or a principal is a label.
 */
import type { Slicer } from '../api/slicer.ts';

const gauges =
  /(_active|_inactive|_connected|_disconnected|_unreachable|_total|_used|_percent|elected|uptime_secs|_ms|_ms\/p\d+|_ms\/(min|max)|_bytes|load_\d+min|outstanding_offers|queued_operations|recovered|ensemble_size|subscribers|tasks_(staging|starting|running|killing)|\/total|offered_or_allocated|consumed|guarantee|limit|dominant|\/active|suppressed|subscribed|tasks\/active\/\w+|operations\/(\w+\/)?(pending|recovering|unreachable))$/;

/** Keys that have names of others in them: what stands before and after, and the labels between. */
const labelled: readonly (readonly [pattern: RegExp, name: string, labels: readonly string[]])[] = [
  [
    /^master\/frameworks\/([^/]+)\/([^/]+)\/roles\/(.*)\/suppressed$/,
    'master/framework_suppressed',
    ['framework', 'framework_id', 'role'],
  ],
  [
    /^master\/frameworks\/([^/]+)\/([^/]+)\/tasks\/(?:active|terminal)\/(\w+)$/,
    'master/framework_tasks',
    ['framework', 'framework_id', 'state'],
  ],
  [
    /^master\/frameworks\/([^/]+)\/([^/]+)\/calls\/(\w+)$/,
    'master/framework_calls',
    ['framework', 'framework_id', 'call'],
  ],
  [
    /^master\/frameworks\/([^/]+)\/([^/]+)\/events\/(\w+)$/,
    'master/framework_events',
    ['framework', 'framework_id', 'event'],
  ],
  [
    /^master\/frameworks\/([^/]+)\/([^/]+)\/operations\/(\w+)$/,
    'master/framework_operations',
    ['framework', 'framework_id', 'operation'],
  ],
  [
    /^master\/frameworks\/([^/]+)\/([^/]+)\/offers\/(\w+)$/,
    'master/framework_offers',
    ['framework', 'framework_id', 'outcome'],
  ],
  [
    /^master\/frameworks\/([^/]+)\/([^/]+)\/subscribed$/,
    'master/framework_subscribed',
    ['framework', 'framework_id'],
  ],
  [/^allocator\/mesos\/roles\/(.*)\/shares\/dominant$/, 'allocator/mesos/role_dominant_share', ['role']],
  [
    /^allocator\/mesos\/offer_filters\/roles\/(.*)\/active$/,
    'allocator/mesos/offer_filters_active',
    ['role'],
  ],
  [
    /^allocator\/mesos\/quota\/roles\/(.*)\/resources\/([^/]+)\/(\w+)$/,
    'allocator/mesos/quota',
    ['role', 'resource', 'kind'],
  ],
  [/^frameworks\/(.+)\/messages_(received|processed)$/, 'framework_messages', ['principal', 'kind']],
];

/** Sums of what has labels: Prometheus makes them itself. */
const sums = /^master\/frameworks\/[^/]+\/[^/]+\/(calls|events|operations)$/;

const escaped = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

interface Sample {
  readonly name: string;
  readonly labels: string;
}

function sampleOf(key: string): Sample {
  for (const [pattern, name, labels] of labelled) {
    const values = pattern.exec(key)?.slice(1);
    if (values === undefined) continue;
    const pairs = labels.map((label, index) => {
      const value = values[index] ?? '';
      return `${label}="${escaped(label === 'framework' ? decodeURIComponent(value) : value)}"`;
    });
    return { name, labels: `{${pairs.join(',')}}` };
  }
  return { name: key, labels: '' };
}

type Families = Map<string, { readonly type: string; readonly lines: string[] }>;

function addSample(families: Families, key: string, value: number): void {
  if (sums.test(key)) return;
  const { name, labels } = sampleOf(key);
  const family = `mesos_${name.replace(/[^A-Za-z0-9]+/g, '_')}`;
  const type = gauges.test(key) ? 'gauge' : 'counter';
  const known = families.get(family) ?? { type, lines: [] };
  // One family, one type: states of tasks come and go, also those that are counted.
  families.set(family, known.type === type ? known : { ...known, type: 'untyped' });
  known.lines.push(`${family}${labels} ${value}`);
}

/** A family of metrics at a time; made with turns for others in between. */
export async function* prometheusText(
  batches: Iterable<readonly (readonly [string, number])[]>,
  slicer: Slicer,
): AsyncGenerator<string> {
  const families: Families = new Map();
  for (const batch of batches) {
    for (const [key, value] of batch) addSample(families, key, value);
    await slicer.pause();
  }
  for (const [family, { type, lines }] of families) yield `# TYPE ${family} ${type}\n${lines.join('\n')}\n`;
}
