import type { master } from '@orchestrator/mesos';
import { type ResourceView, viewResources } from './resources.ts';
import { msOf } from './times.ts';

/** As `frameworks --json` shows it. */
export interface FrameworkView {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly principal: string | null;
  readonly active: boolean;
  readonly connected: boolean;
  /** It ended or was torn down. */
  readonly completed: boolean;
  readonly allocated: ResourceView;
  readonly offered: ResourceView;
  readonly failover_timeout_s: number;
  readonly webui_url: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly registered_ms: number | null;
}

/** As `offers --json` shows it. */
export interface OfferView {
  readonly id: string;
  readonly framework_id: string;
  readonly framework_name: string;
  readonly role: string | null;
  readonly agent_id: string;
  readonly host: string;
  readonly resources: ResourceView;
}

type FrameworkMessage = master.Response_GetFrameworks_FrameworkValid;

const named = (text: string) => (text === '' ? null : text);

function viewFramework(framework: FrameworkMessage, completed: boolean): FrameworkView {
  const { frameworkInfo: info } = framework;
  return {
    id: info.id?.value ?? '',
    name: info.name,
    user: info.user,
    roles: info.roles.length > 0 ? info.roles : [info.role],
    principal: named(info.principal),
    active: framework.active,
    connected: framework.connected,
    completed,
    allocated: viewResources(framework.allocatedResources),
    offered: viewResources(framework.offeredResources),
    failover_timeout_s: info.failoverTimeout,
    webui_url: named(info.webuiUrl),
    labels: Object.fromEntries((info.labels?.labels ?? []).map(({ key, value }) => [key, value])),
    registered_ms: msOf(framework.reregisteredTime ?? framework.registeredTime),
  };
}

export function viewFrameworks(
  { frameworks, completedFrameworks }: master.Response_GetFrameworksValid,
  which: 'live' | 'all',
): FrameworkView[] {
  const live = frameworks.map((each) => viewFramework(each, false));
  return which === 'live' ? live : [...live, ...completedFrameworks.map((each) => viewFramework(each, true))];
}

export function viewOffers({ frameworks }: master.Response_GetFrameworksValid): OfferView[] {
  return frameworks.flatMap(({ frameworkInfo, offers }) =>
    offers.map((offer) => ({
      id: offer.id.value,
      framework_id: offer.frameworkId.value,
      framework_name: frameworkInfo.name,
      role: named(offer.allocationInfo?.role ?? ''),
      agent_id: offer.agentId.value,
      host: offer.hostname,
      resources: viewResources(offer.resources),
    })),
  );
}
