import { type DescEnum, type DescField, ScalarType } from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import { enumName, type JsonNames } from './names.ts';

/** Reads a value that is there; undefined leaves the field unset. */
export type ReadValue = (value: unknown, depth: number) => unknown;

const kindOf = (value: unknown) => (Array.isArray(value) ? 'array' : typeof value);

export function notExpecting(value: unknown, field: DescField): MesosError {
  return new MesosError(`Not expecting a JSON ${kindOf(value)} for field '${field.name}'`, {
    code: 'invalid',
  });
}

const invalid = (message: string) => new MesosError(message, { code: 'invalid' });

function numberIn(text: string, field: DescField): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value) || !/\d/.test(text)) {
    throw invalid(
      `Failed to parse '${text}' as a JSON number for field '${field.name}': syntax error at line 1 near: ${text}`,
    );
  }
  return value;
}

const wholeNumber = /^-?\d+$/;

/** What does not fit is cut to the width, fractions are cut off: the casts of the original. */
function longReader(field: DescField, unsigned: boolean): ReadValue {
  const cut = (value: bigint) => (unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value));
  const fromNumber = (value: number) => cut(BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));
  return (value) => {
    if (typeof value === 'number') return fromNumber(value);
    if (typeof value !== 'string') throw notExpecting(value, field);
    return wholeNumber.test(value) ? cut(BigInt(value)) : fromNumber(numberIn(value, field));
  };
}

function integerReader(field: DescField, unsigned: boolean): ReadValue {
  const cut = (value: number) => (unsigned ? value >>> 0 : value | 0);
  return (value) => {
    if (typeof value === 'number') return cut(value);
    if (typeof value !== 'string') throw notExpecting(value, field);
    return cut(numberIn(value, field));
  };
}

function doubleReader(field: DescField): ReadValue {
  return (value) => {
    if (typeof value === 'number') return value;
    if (typeof value !== 'string') throw notExpecting(value, field);
    if (value === 'Infinity' || value === '-Infinity') return Number(value);
    return numberIn(value, field);
  };
}

function booleanReader(field: DescField): ReadValue {
  return (value) => {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    if (typeof value !== 'string') throw notExpecting(value, field);
    throw invalid(
      `Failed to parse '${value}' as a JSON boolean for field '${field.name}': syntax error at line 1 near: ${value}`,
    );
  };
}

const notBase64 = /[^A-Za-z0-9+/\s]/;

function bytesReader(field: DescField): ReadValue {
  return (value) => {
    if (typeof value !== 'string') throw notExpecting(value, field);
    const padding = value.indexOf('=');
    const text = padding === -1 ? value : value.slice(0, padding);
    const bad = notBase64.exec(text);
    if (bad !== null) {
      throw invalid(`Failed to base64 decode bytes field '${field.name}': Invalid character '${bad[0]}'`);
    }
    return new Uint8Array(Buffer.from(text, 'base64'));
  };
}

function stringReader(field: DescField): ReadValue {
  return (value) => {
    if (typeof value !== 'string') throw notExpecting(value, field);
    return value;
  };
}

export function scalarReader(field: DescField, scalar: ScalarType): ReadValue {
  switch (scalar) {
    case ScalarType.STRING:
      return stringReader(field);
    case ScalarType.BYTES:
      return bytesReader(field);
    case ScalarType.BOOL:
      return booleanReader(field);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return doubleReader(field);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return longReader(field, true);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return longReader(field, false);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return integerReader(field, true);
    default:
      return integerReader(field, false);
  }
}

/** Names only; one that is not known leaves the field unset, and is an error where the field is required. */
export function enumReader(field: DescField, type: DescEnum, names: JsonNames, required: boolean): ReadValue {
  const numbers = new Map(type.values.map((value) => [enumName(type, value.name, names), value.number]));
  return (value) => {
    if (typeof value !== 'string') throw notExpecting(value, field);
    const number = numbers.get(value);
    if (number === undefined && required) throw invalid(`Failed to find enum for '${value}'`);
    return number;
  };
}
