import { expect, test } from 'vitest';
import { isTooOld } from './versions.ts';

test.each([
  ['0.3.0', '0.3.0', false],
  ['0.2.9', '0.3.0', false],
  ['0.1.0', '0.3.9', false],
  ['0.0.9', '0.3.0', true],
  ['0.9.0', '0.3.0', false],
  ['1.0.0', '0.3.0', false],
  ['0.12.0', '1.0.0', true],
  ['1.7.0', '1.10.0', true],
  ['1.8.0', '1.10.0', false],
  ['1.8.0-rc.1', '1.10.0', false],
  ['one', '0.3.0', true],
])('an agent %s is too old for a cell %s: %j', (agent, cell, expected) => {
  expect(isTooOld(agent, cell)).toBe(expected);
});
