const longestId = 255;
// Control characters and the separators of paths: ids become names of folders.
const forbidden = /[\p{Cc}/\\]/u;

/** Why a framework, executor or task cannot be called so, in Mesos' words; undefined for an id that is fine. */
export function idError(id: string): string | undefined {
  if (id === '') return 'ID must not be empty';
  if (Buffer.byteLength(id) > longestId) return `ID must not be greater than ${longestId} characters`;
  if (id === '.' || id === '..') return `'${id}' is disallowed`;
  return forbidden.test(id) ? `'${id}' contains invalid characters` : undefined;
}
