import { expect, test } from 'vitest';
import { commandTask, runTask, ScriptedAgent } from './scripted-agent.ts';

test.each([
  ['before that of its executor was written', /executor$/],
  ['before that of its framework was written', /framework$/],
  ['and nothing of what is above it', /(executor|framework)$/],
])('a record that a crash left, %s, is removed', (_, missing) => {
  const agent = new ScriptedAgent(() => undefined);
  agent.register();
  agent.message(runTask(commandTask('t')));
  for (const key of [...agent.disk.keys()]) if (missing.test(key)) agent.disk.delete(key);
  agent.containers.clear();
  agent.restart();
  expect([...agent.disk.keys()].filter((key) => key.includes('/tasks/'))).toEqual([]);
  expect(agent.state.streams.size).toBe(0);
});
