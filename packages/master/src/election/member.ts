/**
 * Members of the group of masters: `<path>/json.info_<ten digits>`, ephemeral, with the JSON of a MasterInfo. The member
 * with the smallest number leads, whatever its label says; children without a number are no members (`log_replicas`).
 */
import {
  type DomainInfoValid,
  decodeMessage,
  MasterInfo_Capability_Type,
  MasterInfoSchema,
  type MasterInfoValid,
  makeMessage,
} from '@orchestrator/mesos';
import { MasterError } from '../errors.ts';

export const memberLabel = 'json.info';
export const memberPrefix = `${memberLabel}_`;

export interface Member {
  readonly name: string;
  readonly label: string;
  readonly sequence: number;
}

const largestSequence = 2 ** 31 - 1;

/** Undefined for a child that is no member. */
export function parseMember(name: string): Member | undefined {
  const cut = name.lastIndexOf('_');
  const digits = name.slice(cut + 1);
  if (!/^-?\d{1,10}$/.test(digits)) return undefined;
  const sequence = Number(digits);
  if (sequence > largestSequence) return undefined;
  return { name, label: cut === -1 ? '' : name.slice(0, cut), sequence };
}

/** The member with the smallest number. */
export function leadingMember(children: readonly string[]): Member | undefined {
  let leader: Member | undefined;
  for (const name of children) {
    const member = parseMember(name);
    if (member !== undefined && (leader === undefined || member.sequence < leader.sequence)) leader = member;
  }
  return leader;
}

/** The four bytes of an IPv4 address as MasterInfo has them: the first byte lowest. */
export function packIp(ip: string): number {
  const bytes = ip.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) {
    throw new MasterError('config', `"${ip}" is not an IPv4 address`, { remedy: 'set --advertise_ip' });
  }
  return Buffer.from(bytes).readUInt32LE(0);
}

function unpackIp(packed: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(packed);
  return bytes.join('.');
}

export interface MasterIdentity {
  /** A UUID, new with each start. */
  readonly id: string;
  readonly ip: string;
  readonly port: number;
  readonly hostname: string;
  readonly version: string;
  readonly domain?: DomainInfoValid | undefined;
}

export function makeMasterInfo({ id, ip, port, hostname, version, domain }: MasterIdentity): MasterInfoValid {
  const { AGENT_UPDATE, AGENT_DRAINING, QUOTA_V2 } = MasterInfo_Capability_Type;
  return makeMessage(MasterInfoSchema, {
    ...{ id, ip: packIp(ip), port, hostname, version },
    pid: `master@${ip}:${port}`,
    address: { hostname, ip, port },
    capabilities: [AGENT_UPDATE, AGENT_DRAINING, QUOTA_V2].map((type) => ({ type })),
    ...(domain === undefined ? {} : { domain }),
  });
}

const capabilityName = (type: MasterInfo_Capability_Type) =>
  Object.entries(MasterInfo_Capability_Type).find(([, value]) => value === type)?.[0];

/** As in ZooKeeper: keys in alphabetical order. */
export function encodeMember(info: MasterInfoValid): Buffer {
  const { address, capabilities, domain, hostname, id, ip, pid, port, version } = info;
  const region = domain?.faultDomain?.region.name;
  const zone = domain?.faultDomain?.zone.name;
  return Buffer.from(
    JSON.stringify({
      address: { hostname: address?.hostname, ip: address?.ip, port: address?.port },
      capabilities: capabilities.map(({ type }) => ({ type: capabilityName(type) })),
      ...(region === undefined
        ? {}
        : { domain: { fault_domain: { region: { name: region }, zone: { name: zone } } } }),
      ...{ hostname, id, ip, pid, port, version },
    }),
  );
}

interface MemberJson {
  readonly id: string;
  readonly ip: number;
  readonly port: number;
  readonly pid?: string;
  readonly hostname?: string;
  readonly version?: string;
  readonly address?: { readonly ip?: string; readonly hostname?: string };
}

/** Reads what any master of the last ten years wrote: JSON, or protobuf under the label `info`. */
export function decodeMember(label: string, data: Buffer): MasterInfoValid {
  if (label === 'info') return decodeMessage(MasterInfoSchema, data);
  if (label !== memberLabel) {
    throw new MasterError('invalid', `the leading member has the label "${label}", which no master writes`, {
      remedy: 'delete the child with the smallest number of the group of masters, if no master made it',
    });
  }
  const json = JSON.parse(data.toString()) as MemberJson;
  const { id, port, pid, version } = json;
  const ip = json.address?.ip ?? unpackIp(json.ip);
  const hostname = json.address?.hostname ?? json.hostname ?? ip;
  return makeMessage(MasterInfoSchema, {
    ...{ id, port, hostname, ip: json.ip, pid: pid ?? `master@${ip}:${port}` },
    ...(version === undefined ? {} : { version }),
    address: { hostname, ip, port },
  });
}
