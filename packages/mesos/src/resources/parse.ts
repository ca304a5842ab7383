import { create } from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import {
  type Resource,
  Resource_ReservationInfo_Type,
  ResourceSchema,
} from '../generated/mesos/v1/resource_pb.ts';
import { Value_Type } from '../generated/mesos/v1/values_pb.ts';
import { parseJson } from '../json/parse.ts';
import { readJsonValue } from '../json/read.ts';
import { coalesce, pairsOf } from './ranges.ts';
import { rangeBoundError } from './validate.ts';

interface AmountInit {
  type: Value_Type;
  scalar?: { value: number };
  ranges?: { range: { begin: bigint; end: bigint }[] };
  set?: { item: string[] };
}

const invalid = (message: string) => new MesosError(message, { code: 'invalid' });

function bracketsMatch(text: string, open: string, close: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === open) depth += 1;
    if (character === close) depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function parseRanges(name: string, text: string): AmountInit {
  const tokens = text.split(/[[\]\-,\n]+/).filter((token) => token !== '');
  if (tokens.length % 2 !== 0) throw invalid('Expecting one or more "ranges"');
  const numbers = tokens.map((token) => {
    if (!/^\d+$/.test(token)) throw invalid(`Expecting non-negative integers in '${token}'`);
    const tooLarge = rangeBoundError(name, BigInt(token));
    if (tooLarge !== undefined) throw invalid(tooLarge);
    return Number(token);
  });
  const pairs = Array.from(
    { length: numbers.length / 2 },
    (_, index) => [numbers[2 * index] ?? 0, numbers[2 * index + 1] ?? 0] as const,
  );
  const backwards = pairs.find(([begin, end]) => begin > end);
  if (backwards !== undefined)
    throw invalid(`Invalid ranges resource: begin > end in '${backwards.join('-')}'`);
  const range = Array.from(pairsOf(coalesce(pairs)), ([begin, end]) => ({
    begin: BigInt(begin),
    end: BigInt(end),
  }));
  return { type: Value_Type.RANGES, ranges: { range } };
}

function parseScalar(text: string): AmountInit | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? { type: Value_Type.SCALAR, scalar: { value } } : undefined;
}

function parseValue(name: string, text: string): AmountInit {
  const bare = text.replaceAll(' ', '');
  const problem = (reason: string) =>
    invalid(`Failed to parse resource ${name} value ${text} error ${reason}`);
  if (bare === '') throw problem('Expecting non-empty string');
  if (!bracketsMatch(bare, '{', '}') || !bracketsMatch(bare, '[', ']') || !bracketsMatch(bare, '(', ')')) {
    throw problem('Mismatched brackets');
  }
  if (bare.startsWith('[')) return parseRanges(name, bare);
  if (bare.includes('[')) throw problem("Unexpected '[' found");
  if (bare.startsWith('{')) {
    return { type: Value_Type.SET, set: { item: bare.split(/[{},\n]+/).filter((item) => item !== '') } };
  }
  if (bare.includes('{')) throw problem("Unexpected '{' found");
  const scalar = parseScalar(bare);
  if (scalar === undefined) throw invalid(`Bad type for resource ${name} value ${text} type TEXT`);
  return scalar;
}

function parseToken(token: string, defaultRole: string): Resource {
  const [head, value, ...extra] = token.split(':').filter((part) => part !== '');
  if (head === undefined || value === undefined || extra.length > 0) {
    throw invalid(`Bad value for resources, missing or extra ':' in ${token}`);
  }
  const open = head.indexOf('(');
  const close = head.indexOf(')');
  if (open !== -1 && close < open) {
    throw invalid(`Bad value for resources, mismatched parentheses in ${token}`);
  }
  const name = (open === -1 ? head : head.slice(0, open)).trim();
  const role = open === -1 ? defaultRole : head.slice(open + 1, close).trim();
  const reservations = role === '*' ? [] : [{ type: Resource_ReservationInfo_Type.STATIC, role }];
  return create(ResourceSchema, { name, ...parseValue(name, value), reservations });
}

function parseJsonResources(text: string, defaultRole: string): Resource[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) throw invalid('Expecting a JSON array');
  return list.map((value) => {
    const resource = readJsonValue(ResourceSchema, value);
    if (!Object.hasOwn(resource, 'role') && resource.reservations.length === 0) resource.role = defaultRole;
    return resource;
  });
}

/** What an operator may give an agent: what comes from frameworks, or over time, is not for the command line. */
function commandLineError(resources: readonly Resource[]): string | undefined {
  const types = new Map<string, Value_Type>();
  for (const { name, type, disk, revocable, reservation, reservations } of resources) {
    if (disk?.persistence !== undefined) return 'Persistent volumes cannot be specified at the command line';
    if (revocable !== undefined) {
      return "Revocable resources cannot be specified at the command line; do not include a 'revocable' key in the resources JSON";
    }
    if (reservation !== undefined || reservations.at(-1)?.type === Resource_ReservationInfo_Type.DYNAMIC) {
      return 'Dynamic reservations cannot be specified at the command line; do not include a reservation with DYNAMIC type in the resources JSON';
    }
    if ((types.get(name) ?? type) !== type) {
      return `Resources with the same name ('${name}') but different types are not allowed`;
    }
    types.set(name, type);
  }
  return undefined;
}

/** The value of `--resources`: a JSON array, or the simple form. Throws `MesosError` (`invalid`). */
export function parseResources(text: string, defaultRole: string): Resource[] {
  const resources = text.trimStart().startsWith('[')
    ? parseJsonResources(text, defaultRole)
    : parseSimpleResources(text, defaultRole);
  const error = commandLineError(resources);
  if (error !== undefined) throw invalid(error);
  return resources;
}

/** `cpus:4;mem(web):1024;ports:[31000-32000];disks:{a,b}`: a role in parentheses is a static reservation. */
function parseSimpleResources(text: string, defaultRole: string): Resource[] {
  return text
    .split(';')
    .filter((token) => token !== '')
    .map((token) => parseToken(token, defaultRole));
}
