/** A reporter for Vitest: writes a `TestResult`, as JSON, to the file that the environment names. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';
import type { Outcome, TestResult } from './test-result.ts';

export const resultFileVariable = 'ORCHESTRATOR_TEST_RESULT';

/** Of what went wrong. */
const mostCharacters = 2_000;

const causeOf = (error: SerializedError): string => error.cause?.message ?? '';

/** With the lines of ours that it came through, those of Vitest and Node left out. */
function told(error: SerializedError): string {
  const lines = (error.stack || error.message)
    .split('\n')
    .filter((line) => !/^ +at .*(node_modules|node:|<anonymous>)/.test(line));
  const cause = causeOf(error);
  return [...lines, ...(cause === '' ? [] : [`caused by: ${cause}`])].join('\n').slice(0, mostCharacters);
}

/** An error that nobody caught names the file that ran; the end of a process is caused by what names it last. */
const cameFrom = (error: SerializedError, { moduleId }: TestModule): boolean =>
  error.VITEST_TEST_PATH === moduleId || causeOf(error).endsWith(` ${moduleId}`);

const fileOf = (module: TestModule): string => relative('.', module.moduleId);

const whyOf = (state: Outcome['state'], [error]: readonly SerializedError[]): string =>
  state === 'failed' ? (error === undefined ? 'it did not end' : told(error)) : '';

function ofTest(test: TestCase): Outcome {
  const { state: last, errors = [] } = test.result();
  // What still runs when all is over was running when its process died.
  const state = last === 'pending' ? 'failed' : last;
  return {
    ...{ id: test.id, kind: 'test', file: fileOf(test.module), name: test.fullName },
    ...{ state, why: whyOf(state, errors) },
  };
}

function ofGroup(
  group: TestModule | TestSuite,
  errors: readonly SerializedError[] = group.errors(),
): Outcome {
  const [module, name] = group.type === 'module' ? [group, ''] : [group.module, group.fullName];
  const ended = !['pending', 'queued'].includes(group.state());
  const state = errors.length === 0 && ended ? 'passed' : 'failed';
  return { id: group.id, kind: 'group', file: fileOf(module), name, state, why: whyOf(state, errors) };
}

// biome-ignore lint/style/noDefaultExport: Vitest takes the default export of the file.
export default class WriteResult implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const result: TestResult = {
      outcomes: modules.flatMap((module) => [
        ofGroup(module, [...module.errors(), ...unhandled.filter((error) => cameFrom(error, module))]),
        ...[...module.children.allSuites()].map((suite) => ofGroup(suite)),
        ...[...module.children.allTests()].map(ofTest),
      ]),
      errors: unhandled.filter((error) => !modules.some((module) => cameFrom(error, module))).map(told),
    };
    const file = process.env[resultFileVariable];
    if (file === undefined)
      throw new Error(`${resultFileVariable} is not set: name the file for the result there`);
    writeFileSync(file, JSON.stringify(result));
  }
}
