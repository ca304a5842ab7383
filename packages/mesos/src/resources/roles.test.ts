import { expect, test } from 'vitest';
import { isInSubtree, isStrictSubrole, roleError } from './roles.ts';

// The answers of a real master to frameworks with these roles.
test.each([
  ['bad role', "Role component 'bad role' is invalid because it contains backspace or whitespace"],
  ['/abs', "Role '/abs' cannot start with a slash"],
  ['-dash', "Role component '-dash' is invalid because it starts with a dash"],
  ['..', "Role '..' cannot include '..' as a component"],
  ['a/./b', "Role 'a/./b' cannot include '.' as a component"],
  ['a//b', "Role 'a//b' cannot contain two adjacent slashes"],
  ['a/*', "Role 'a/*' cannot include '*' as a component"],
  ['', 'Role names cannot be the empty string'],
  ['a/', "Role 'a/' cannot end with a slash"],
])('%j is no role', (role, error) => {
  expect(roleError(role)).toBe(error);
});

test.each(['*', 'web', 'eng/web/eu', 'a.b', 'a-b', 'ä'])('%j is a role', (role) => {
  expect(roleError(role)).toBeUndefined();
});

test('subroles are paths below', () => {
  expect(isStrictSubrole('eng/web', 'eng')).toBe(true);
  expect(isStrictSubrole('eng', 'eng')).toBe(false);
  expect(isStrictSubrole('engine', 'eng')).toBe(false);
  expect(isInSubtree('eng', 'eng')).toBe(true);
});
