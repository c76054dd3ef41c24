import { expect, it } from 'vitest';
import { editDistance } from '../../src/kernel/edit-distance.ts';

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['flaw', 'lawn', 2],
  ['accounts', 'acounts', 1],
  ['same', 'same', 0],
])('between %j and %j there are %i edits, in either direction', (left, right, edits) => {
  expect([editDistance(left, right), editDistance(right, left)]).toEqual([edits, edits]);
});
