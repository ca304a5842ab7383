import { type ResourceValid, Value_Type } from '@orchestrator/mesos';

/** A resource as Mesos prints one that is not valid, and so cannot be counted: `cpus(allocated: web):-1`. */
export function printResource(resource: ResourceValid): string {
  const { name, allocationInfo, reservations, type, scalar, ranges, set } = resource;
  const allocated = allocationInfo === undefined ? '' : `(allocated: ${allocationInfo.role})`;
  const stack = reservations.map((each) => {
    const parts = [each.type === 1 ? 'STATIC' : 'DYNAMIC', each.role];
    if (each.principal !== '') parts.push(each.principal);
    return `(${parts.join(',')})`;
  });
  const reserved = stack.length === 0 ? '' : `(reservations: [${stack.join(',')}])`;
  const amount = () => {
    if (type === Value_Type.SCALAR) return String(Math.round((scalar?.value ?? 0) * 1000) / 1000);
    if (type === Value_Type.RANGES) {
      return `[${(ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
    }
    return `{${(set?.item ?? []).join(', ')}}`;
  };
  return `${name}${allocated}${reserved}:${amount()}`;
}

/** A name that is there both as revocable and not; undefined when there is none. */
export function isExclusiveMix(resources: readonly ResourceValid[]): string | undefined {
  const revocable = new Set(resources.filter((each) => each.revocable !== undefined).map(({ name }) => name));
  const mixed = resources.find((each) => each.revocable === undefined && revocable.has(each.name));
  return mixed && `Cannot use both revocable and non-revocable '${mixed.name}' at the same time`;
}
