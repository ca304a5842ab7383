/** What masters refuse in the words of Mesos, and what can be done about it in ours. */
const remedies: readonly (readonly [words: RegExp, remedy: string])[] = [
  [/use 'force' flag/, 'give --force, and it is kept as far as there is anything'],
  [/is not part of a maintenance schedule/, 'announce it first: orchestrator maintenance schedule'],
  [/is not in DOWN mode/, 'orchestrator maintenance status shows what is down'],
  [/Failed to parse IP/, 'write HOST or HOST/IP, as orchestrator agents shows them'],
  [/(?:Bad (?:value|type) for|Unexpected) resource/, 'write cpus:4;mem:8192'],
  [/Role (?:component|name)? ?'/, 'roles are words such as web, with others below them: web/shop'],
];

/** Undefined where the words say it all. */
export const remedyOfRefusal = (message: string): string | undefined =>
  remedies.find(([words]) => words.test(message))?.[1];
