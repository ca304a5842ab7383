/** Offers and inverse offers: made, taken back, ended by time. */
import {
  conversionsOf,
  create,
  InverseOfferSchema,
  type InverseOfferValid,
  makeMessage,
  type Offer_OperationValid,
  OfferSchema,
  type OfferValid,
  Resources,
  scheduler,
  URLSchema,
  type URLValid,
} from '@orchestrator/mesos';
import type { Allocation } from '../allocator/allocator.ts';
import type { InverseOffer } from '../allocator/inverse-offers.ts';
import { type MasterContext, toFramework } from './context.ts';
import { giveBack } from './holdings.ts';
import { parsePid } from './pid.ts';
import type { AgentRecord, FrameworkRecord, InverseOfferRecord, OfferRecord } from './records.ts';

const { Event_Type, EventSchema } = scheduler;

function urlOf({ options }: MasterContext, agent: AgentRecord): URLValid {
  if (agent.url === undefined) {
    const { id, host, port } = parsePid(agent.pid);
    agent.url = makeMessage(URLSchema, {
      scheme: options.agentScheme,
      address: { hostname: agent.info.hostname, ip: host, port },
      path: `/${id}`,
    });
  }
  return agent.url;
}

function nextOfferId(context: MasterContext): string {
  return `${context.options.masterInfo.id}-O${context.state.nextOfferNumber++}`;
}

/** Of parts that were found complete when they came: to look again costs more than the offer, and there are thousands at once. */
function offerMessage(
  context: MasterContext,
  framework: FrameworkRecord,
  agent: AgentRecord,
  { role, resources }: Allocation,
  allocated: Resources,
): OfferValid {
  const { domain, attributes, hostname } = agent.info;
  const multiRole = framework.capabilities.has('MULTI_ROLE');
  const format = framework.capabilities.has('RESERVATION_REFINEMENT') ? 'stack' : 'role';
  const unavailability = context.state.machines.get(machineOf(agent))?.unavailability;
  const shown = multiRole ? allocated : resources;
  return create(OfferSchema, {
    id: { value: nextOfferId(context) },
    frameworkId: framework.info.id ?? { value: framework.id },
    agentId: agent.info.id ?? { value: agent.id },
    ...{ hostname, url: urlOf(context, agent), resources: shown.toMessages(format), attributes },
    executorIds: [...(agent.executors.get(framework.id)?.keys() ?? [])].map((value) => ({ value })),
    ...(domain === undefined ? {} : { domain }),
    ...(unavailability === undefined ? {} : { unavailability }),
    ...(multiRole ? { allocationInfo: { role } } : {}),
  }) as OfferValid;
}

/** The key of the machine that the agent runs on, as maintenance names it. */
export function machineOf(agent: AgentRecord): string {
  return `${agent.info.hostname.toLowerCase()}|${parsePid(agent.pid).host}`;
}

/** Sends what an allocation run came to, in one event for each framework. */
export function makeOffers(context: MasterContext, offers: readonly Allocation[]): void {
  const byFramework = new Map<FrameworkRecord, { messages: OfferValid[]; pids: string[] }>();
  for (const offer of offers) {
    const framework = context.state.frameworks.get(offer.frameworkId);
    const agent = context.state.agents.get(offer.agentId);
    if (framework?.connection === undefined || !framework.active || agent?.active !== true) {
      giveBack(context, offer.frameworkId, offer.agentId, offer.resources.allocatedTo(offer.role));
      continue;
    }
    const resources = offer.resources.allocatedTo(offer.role);
    const message = offerMessage(context, framework, agent, offer, resources);
    const id = message.id.value;
    const record: OfferRecord = { ...offer, id, message, resources, shownAs: undefined };
    context.state.offers.set(id, record);
    framework.offers.add(record);
    framework.figures.offers.sent++;
    agent.offers.add(record);
    const { offerTimeoutMs } = context.options;
    if (offerTimeoutMs !== undefined) {
      context.timers.set(`offer ${id}`, context.steadyMs + offerTimeoutMs, { type: 'offer', offerId: id });
    }
    let batch = byFramework.get(framework);
    if (batch === undefined) {
      batch = { messages: [], pids: [] };
      byFramework.set(framework, batch);
    }
    batch.messages.push(message);
    batch.pids.push(agent.pid);
  }
  for (const [framework, { messages, pids }] of byFramework) {
    const event = create(EventSchema, { type: Event_Type.OFFERS, offers: { offers: messages } });
    toFramework(context, framework, event as scheduler.EventValid, { pids });
  }
}

/** Out of the books; what it held is the caller's to give back or to use. */
export function takeOffer(context: MasterContext, offer: OfferRecord): void {
  context.state.offers.delete(offer.id);
  context.state.frameworks.get(offer.frameworkId)?.offers.delete(offer);
  context.state.agents.get(offer.agentId)?.offers.delete(offer);
  context.timers.cancel(`offer ${offer.id}`);
}

/** Out of the books, and free again. */
export function discardOffer(context: MasterContext, offer: OfferRecord, refuseMs?: number): void {
  takeOffer(context, offer);
  const { frameworkId, agentId, resources } = offer;
  giveBack(context, frameworkId, agentId, resources, refuseMs);
}

/** Taken back: the framework is told. */
export function rescindOffer(context: MasterContext, offer: OfferRecord): void {
  discardOffer(context, offer);
  const framework = context.state.frameworks.get(offer.frameworkId);
  if (framework === undefined) return;
  framework.figures.offers.rescinded++;
  const event = makeMessage(EventSchema, {
    type: Event_Type.RESCIND,
    rescind: { offerId: { value: offer.id } },
  });
  toFramework(context, framework, event);
}

export function makeInverseOffers(context: MasterContext, inverseOffers: readonly InverseOffer[]): void {
  const byFramework = new Map<FrameworkRecord, InverseOfferValid[]>();
  for (const { frameworkId, agentId } of inverseOffers) {
    const framework = context.state.frameworks.get(frameworkId);
    const agent = context.state.agents.get(agentId);
    if (framework?.connection === undefined || !framework.active || agent?.connected !== true) continue;
    const unavailability = context.state.machines.get(machineOf(agent))?.unavailability;
    if (unavailability === undefined) continue;
    const id = nextOfferId(context);
    const message = makeMessage(InverseOfferSchema, {
      id: { value: id },
      url: urlOf(context, agent),
      frameworkId: { value: frameworkId },
      agentId: { value: agentId },
      unavailability,
    });
    const record: InverseOfferRecord = { id, message, frameworkId, agentId };
    context.state.inverseOffers.set(id, record);
    framework.inverseOffers.add(record);
    agent.inverseOffers.add(record);
    const batch = byFramework.get(framework) ?? [];
    byFramework.set(framework, [...batch, message]);
  }
  for (const [framework, messages] of byFramework) {
    const event = makeMessage(EventSchema, {
      type: Event_Type.INVERSE_OFFERS,
      inverseOffers: { inverseOffers: messages },
    });
    toFramework(context, framework, event);
  }
}

export function takeInverseOffer(context: MasterContext, offer: InverseOfferRecord): void {
  context.state.inverseOffers.delete(offer.id);
  context.state.frameworks.get(offer.frameworkId)?.inverseOffers.delete(offer);
  context.state.agents.get(offer.agentId)?.inverseOffers.delete(offer);
}

export function rescindInverseOffer(context: MasterContext, offer: InverseOfferRecord): void {
  takeInverseOffer(context, offer);
  const framework = context.state.frameworks.get(offer.frameworkId);
  if (framework === undefined) return;
  const event = makeMessage(EventSchema, {
    type: Event_Type.RESCIND_INVERSE_OFFER,
    rescindInverseOffer: { inverseOfferId: { value: offer.id } },
  });
  toFramework(context, framework, event);
}

/** Everything that is offered of an agent is taken back. */
export function rescindOffersOf(context: MasterContext, agent: AgentRecord): void {
  for (const offer of [...agent.offers]) rescindOffer(context, offer);
  for (const offer of [...agent.inverseOffers]) rescindInverseOffer(context, offer);
}

/** Everything that is offered to a framework that cannot hear of it. */
export function discardOffersTo(context: MasterContext, framework: FrameworkRecord): void {
  for (const offer of [...framework.offers]) discardOffer(context, offer);
  for (const offer of [...framework.inverseOffers]) takeInverseOffer(context, offer);
}

/** An operator wants something of an agent: offers are taken back until it is free, or none is left. */
export function discardOfferedFor(
  context: MasterContext,
  agent: AgentRecord,
  operation: Offer_OperationValid,
): void {
  const consumed = Resources.sum(conversionsOf(operation).map((each) => each.consumed));
  for (const offer of [...agent.offers]) {
    if (context.allocator.availableOn(agent.id)?.contains(consumed) === true) return;
    rescindOffer(context, offer);
  }
}
