import { describe, expect, test } from 'vitest';
import { checkPath, childPath, parentPath, pathProblem, withChroot, withoutChroot } from './path.ts';

describe('pathProblem', () => {
  test.each(['/', '/a', '/a/b', '/...', '/a.b/.c', '/ü/日本', '/a b', '/\u00a0', '/\uffef'])(
    'accepts %j',
    (path) => {
      expect(pathProblem(path)).toBeUndefined();
    },
  );

  test.each([
    ['', /is empty/],
    ['a', /does not start/],
    ['/a/', /ends with/],
    ['//a', /empty name at index 1/],
    ['/a//b', /empty name at index 3/],
    ['/.', /relative name "\."/],
    ['/a/../b', /relative name "\.\." at index 3/],
    ['/a\u0000b', /U\+0000 at index 2/],
    ['/\u001f', /U\+001F/],
    ['/\u007f', /U\+007F/],
    ['/\u009f', /U\+009F/],
    ['/\ud83d\ude00', /U\+D83D at index 1/],
    ['/\uf8ff', /U\+F8FF/],
    ['/\ufff0', /U\+FFF0/],
    ['/\uffff', /U\+FFFF/],
  ])('names what is wrong with %j', (path, message) => {
    expect(pathProblem(path)).toMatch(message);
  });

  test('lets a sequential node have the number for its whole name', () => {
    expect(() => checkPath('/a/', { sequential: true })).not.toThrow();
    expect(() => checkPath('/a/')).toThrow(/path "\/a\/" ends with/);
  });
});

describe('chroot', () => {
  test.each([
    ['', '/a', '/a'],
    ['/app', '/', '/app'],
    ['/app', '/a', '/app/a'],
  ])('under "%s", %s is %s on the server', (chroot, path, serverPath) => {
    expect(withChroot(chroot, path)).toBe(serverPath);
    expect(withoutChroot(chroot, serverPath)).toBe(path);
  });

  test('leaves a path outside of it alone', () => {
    expect(withoutChroot('/app', '/application')).toBe('/application');
  });
});

test('parents and children', () => {
  expect(parentPath('/a/b')).toBe('/a');
  expect(parentPath('/a')).toBe('/');
  expect(childPath('/', 'a')).toBe('/a');
  expect(childPath('/a', 'b')).toBe('/a/b');
});
