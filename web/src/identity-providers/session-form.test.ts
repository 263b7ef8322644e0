import { expect, it } from 'vitest';
import { formOf, wishOf, wrongWith } from './session-form.ts';

it('what was read in seconds is typed in hours, and comes back', () => {
  const read = { idle_s: 28_800, absolute_s: 86_400 };
  expect(formOf(read)).toEqual({ idle: '8', absolute: '24' });
  expect(wishOf(formOf(read))).toEqual(read);
  expect(wishOf(formOf({ idle_s: 300, absolute_s: 901 }))).toEqual({ idle_s: 300, absolute_s: 901 });
  expect(wishOf({ idle: '0.5', absolute: '1.25' })).toEqual({ idle_s: 1_800, absolute_s: 4_500 });
});

it.each([
  [{ idle: '8', absolute: '24' }, null], [{ idle: '', absolute: '24' }, 'Unused: write hours, from 5 minutes (0.0833) to 24.'], [{ idle: '25', absolute: '100' }, 'Unused: write hours, from 5 minutes (0.0833) to 24.'], [{ idle: 'x', absolute: '24' }, 'Unused: write hours, from 5 minutes (0.0833) to 24.'],
  [{ idle: '8', absolute: '721' }, 'In all: write hours, from 0.25 to 720.'], [{ idle: '8', absolute: '7' }, 'A session that is used ends no sooner than one that is not.'],
])('%j: %s', (form, said) => expect(wrongWith(form)).toBe(said));
