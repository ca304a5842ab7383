/** "Why" in sentences: what keeps a framework from its offers, and a task from its agent. */
import { plural } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import type {
  FrameworkExplanation,
  ObstacleCount,
  TaskExplanation,
  TaskReport,
} from '../views/explanations.ts';
import { renderTaskState } from './tasks.ts';

type RoleExplanation = FrameworkExplanation['roles'][number];
type Requirement = TaskExplanation['requirements'][number];

const obstacleTexts: Readonly<Record<ObstacleCount['kind'], string>> = {
  'agent-inactive': 'deactivated, draining or disconnected',
  'nothing-available': 'all they have is allocated or offered',
  'reserved-or-special': 'what is left is reserved for others, or of a kind the framework does not know',
  'agent-capability': 'the agent does not know roles as this one',
  'gpus-kept': 'kept for frameworks that ask for GPUs',
  'other-region': 'in another region than the masters',
  'offer-constraints': "excluded by the framework's offer constraints",
  quota: 'the quota of the role, or what is guaranteed to others',
  'too-small': 'less is left than the least that is offered',
  refused: 'refused by the framework a short while ago',
};

const stateTexts: Readonly<Record<RoleExplanation['state'], string>> = {
  asked: 'takes part in allocation',
  suppressed: 'the framework has suppressed offers in this role; it gets none until it revives',
  'framework-inactive': 'the framework is disconnected or deactivated; it gets none until it is back',
};

function renderObstacle({ kind, agents, examples }: ObstacleCount): string[] {
  const details = examples
    .filter(({ detail }) => detail !== '')
    .map(({ agentId, detail }) => `${agentId}: ${detail}`);
  return [
    `    ${plural(agents, 'agent')}: ${obstacleTexts[kind]}`,
    ...details.map((detail) => `      ${detail}`),
  ];
}

function renderRole(role: RoleExplanation, style: Style): string[] {
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  return [
    `  role ${style.bold(role.role)}: ${stateTexts[role.state]}`,
    `    share of the role ${share(role.roleShare)}, of the framework in it ${share(role.frameworkShare)}; the lowest is served first`,
    `    ${plural(role.offerableAgents, 'agent')} would be offered at the next cycle`,
    ...role.obstacles.flatMap(renderObstacle),
  ];
}

const because = {
  guarantee: 'a guarantee came first',
  'lower-share': 'its share was lower',
  'its-turn': 'it was its turn',
};

/** Equal lines once, with how many there were. */
function countEqual(lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].map(([line, count]) => `    ${plural(count, 'offer')} ${line}`);
}

export function renderFrameworkExplanation(
  explanation: FrameworkExplanation,
  name: string,
  style: Style,
): string {
  const { frameworkId, roles, wentElsewhere } = explanation;
  const others = countEqual(
    wentElsewhere.map((each) => `to ${each.frameworkId} in role ${each.role}: ${because[each.because]}`),
  );
  return [
    `framework ${style.bold(name)} (${frameworkId})`,
    ...roles.flatMap((role) => renderRole(role, style)),
    ...(others.length === 0 ? [] : ['  the last offers to others', ...others]),
  ].join('\n');
}

const amount = (thousandths: number) => String(thousandths / 1000);

function renderRequirement(
  { requirement, neverMetBy, notNowMetBy, amounts }: Requirement,
  style: Style,
): string {
  const wanted = amounts === undefined ? '' : ` ${amount(amounts.wanted)}`;
  if (neverMetBy + notNowMetBy === 0) return `  ${style.good('met')}    ${requirement}${wanted}`;
  const most =
    amounts === undefined
      ? ''
      : `; the most on one agent: ${amount(amounts.mostAvailable)} free of ${amount(amounts.mostTotal)}`;
  const parts = [
    ...(neverMetBy === 0 ? [] : [`never by ${plural(neverMetBy, 'agent')}`]),
    ...(notNowMetBy === 0 ? [] : [`not now by ${plural(notNowMetBy, 'agent')}`]),
  ];
  return `  ${style.bad('unmet')}  ${requirement}${wanted}: ${parts.join(', ')}${most}`;
}

function verdict({ activeAgents, fitsNow, fitsWhenEmpty }: TaskExplanation): string {
  if (activeAgents === 0) return 'no agent is active, so nothing can start';
  if (fitsNow > 0) return `fits on ${fitsNow} of ${plural(activeAgents, 'agent')} now`;
  if (fitsWhenEmpty > 0)
    return `fits on no agent now; on ${plural(fitsWhenEmpty, 'agent')} if nothing else ran there`;
  return `fits on none of ${plural(activeAgents, 'agent')}, however empty they are`;
}

export function renderTaskReport({ task, wanted, role, placement }: TaskReport, style: Style): string {
  const head =
    task === null
      ? []
      : [
          `task ${style.bold(task.id)} (${task.name}): ${renderTaskState(task, style)}${task.reason === null ? '' : `, ${task.reason}`}`,
          ...(task.message === null ? [] : [`  ${task.message}`]),
        ];
  const misses = placement.nearest.map(({ agentId, missing, unmet }) => {
    const lacks = [...missing.map(([name, lacking]) => `${amount(lacking)} ${name}`), ...unmet];
    return `  ${agentId} lacks ${lacks.join(', ')}`;
  });
  return [
    ...head,
    `a task of role ${role} with ${wanted} ${verdict(placement)}`,
    ...placement.requirements.map((each) => renderRequirement(each, style)),
    ...(misses.length === 0 ? [] : ['nearest:', ...misses]),
  ].join('\n');
}
