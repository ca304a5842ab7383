import { describe, expect, test } from 'vitest';
import type { Leaf } from './share-node.ts';
import { ShareTree } from './share-tree.ts';

/** The leaves of a test by role and framework. */
const known = new Map<string, Leaf>();

function leaf(role: string, frameworkId: string): Leaf {
  const key = `${role}:${frameworkId}`;
  const made = known.get(key) ?? { role, frameworkId };
  known.set(key, made);
  return made;
}

function order(tree: ShareTree<Leaf>): string[] {
  const seen: string[] = [];
  tree.visit(({ role, frameworkId }) => {
    seen.push(`${role}:${frameworkId}`);
    return 'next';
  });
  return seen;
}

function treeOf(...leaves: [role: string, frameworkId: string][]): ShareTree<Leaf> {
  const tree = new ShareTree<Leaf>();
  tree.setTotal([1000, 1000]);
  for (const [role, frameworkId] of leaves) {
    tree.add(leaf(role, frameworkId));
    tree.setActive(leaf(role, frameworkId), true);
  }
  return tree;
}

describe('who is served next', () => {
  test('equal shares: by name', () => {
    expect(order(treeOf(['b', 'f2'], ['a', 'f9'], ['b', 'f1']))).toEqual(['a:f9', 'b:f1', 'b:f2']);
  });

  test('the dominant resource decides', () => {
    const tree = treeOf(['a', 'f'], ['b', 'f']);
    tree.allocate(leaf('a', 'f'), [100, 400]);
    tree.allocate(leaf('b', 'f'), [300, 100]);
    expect(tree.shareOfRole('a')).toBe(0.4);
    expect(order(tree)).toEqual(['b:f', 'a:f']);
  });

  test('a weight of two entitles to twice as much', () => {
    const tree = treeOf(['a', 'f'], ['b', 'f']);
    tree.setWeight('b', 2);
    tree.allocate(leaf('a', 'f'), [200]);
    tree.allocate(leaf('b', 'f'), [300]);
    expect(order(tree)).toEqual(['b:f', 'a:f']);
  });

  test('a role with children competes with them for what its parent is given', () => {
    const tree = treeOf(['a', 'f'], ['a/x', 'f'], ['b', 'f']);
    tree.allocate(leaf('a/x', 'f'), [300]);
    tree.allocate(leaf('b', 'f'), [200]);
    expect(tree.shareOfRole('a')).toBe(0.3);
    expect(order(tree)).toEqual(['b:f', 'a:f', 'a/x:f']);
    tree.allocate(leaf('a', 'f'), [400]);
    expect(order(tree)).toEqual(['b:f', 'a/x:f', 'a:f']);
  });

  test('an excluded resource does not count', () => {
    const tree = new ShareTree<Leaf>(new Set([1]));
    tree.setTotal([1000, 1000]);
    tree.add(leaf('a', 'f'));
    tree.allocate(leaf('a', 'f'), [100, 900]);
    expect(tree.shareOfRole('a')).toBe(0.1);
  });

  test('what is not active is passed over, what is removed is gone', () => {
    const tree = treeOf(['a/x', 'f'], ['b', 'f'], ['b', 'g']);
    tree.setActive(leaf('b', 'f'), false);
    expect(order(tree)).toEqual(['a/x:f', 'b:g']);
    tree.remove(leaf('a/x', 'f'));
    tree.remove(leaf('b', 'g'));
    expect(order(tree)).toEqual([]);
    tree.setActive(leaf('b', 'f'), true);
    expect(order(tree)).toEqual(['b:f']);
  });

  test('any course of events leaves the same order as sorting afresh', () => {
    for (let seed = 1; seed <= 50; seed++) {
      let state = seed;
      const next = (below: number) => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return Math.floor((state / 2147483648) * below);
      };
      const roles = ['a', 'a/b', 'a/b/c', 'a/d', 'e', 'e/f'];
      const tree = treeOf();
      const held = new Map<string, number[]>();
      for (let step = 0; step < 300; step++) {
        const role = roles[next(roles.length)] ?? 'a';
        const frameworkId = `f${next(4)}`;
        const key = `${role} ${frameworkId}`;
        const mine = held.get(key);
        if (mine === undefined) {
          tree.add(leaf(role, frameworkId));
          tree.setActive(leaf(role, frameworkId), true);
          held.set(key, []);
        } else if (next(3) === 0 && mine.length > 0) {
          tree.recover(leaf(role, frameworkId), [mine.pop() ?? 0]);
        } else {
          const amount = next(50);
          tree.allocate(leaf(role, frameworkId), [amount]);
          mine.push(amount);
        }
        if (next(4) === 0) order(tree);
      }
      const kept = order(tree);
      tree.setTotal([1000, 1000]);
      expect(order(tree)).toEqual(kept);
      expect(kept).toHaveLength(held.size);
      const some = [...held.keys()].map((key) => leaf(...(key.split(' ') as [string, string])));
      expect(tree.inOrder(some).map(({ role, frameworkId }) => `${role}:${frameworkId}`)).toEqual(kept);
    }
  });
});
