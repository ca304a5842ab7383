import { FiltersSchema, type FiltersValid, isFieldSet } from '@orchestrator/mesos';

const defaultRefuseMs = 5_000;
const longestRefuseMs = 365 * 24 * 3600 * 1000;

/** For how long what was declined is not offered again; undefined for no time at all. */
export function refuseMsOf(filters: FiltersValid | undefined): number | undefined {
  if (filters === undefined || !isFieldSet(filters, FiltersSchema.field.refuseSeconds))
    return defaultRefuseMs;
  const { refuseSeconds } = filters;
  if (Number.isNaN(refuseSeconds) || refuseSeconds < 0) return defaultRefuseMs;
  return refuseSeconds === 0 ? undefined : Math.min(refuseSeconds * 1000, longestRefuseMs);
}
