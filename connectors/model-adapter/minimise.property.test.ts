import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../sdk/connector.ts';
import { MINIMISED_KINDS } from './find-sensitive.ts';
import { minimise } from './minimise.ts';

/** Texts of the letters that the rules look at, and of what they look for. */
const PIECES = fc.constantFrom(
  'a@b.co', 'ada.l@example.org', '10.1.2.3', 'fe80::1', '+49 40 1234-5678', 'sk-0123456789abcdef0123', 'password: ', 'token=', 'eyJa.b.c', '-----BEGIN KEY-----', '-----END KEY-----',
  '[email-1]', '[secret-1]', '[ip-', '[phone-2', ']', '-1]', '@', '.', ':', '::', '-', '+', '(', ')', '/', '"', ' ', '\n', '7', '1234567', 'Ab', 'ü',
);
const TEXT = fc.oneof(fc.array(PIECES, { maxLength: 40 }).map((pieces) => pieces.join('')), fc.string({ unit: 'binary', maxLength: 80 }));
const VALUE = fc.oneof(TEXT, fc.array(TEXT, { maxLength: 4 }), fc.record({ subject: TEXT, body: fc.record({ lines: fc.array(TEXT, { maxLength: 3 }), count: fc.integer() }) })) as fc.Arbitrary<Json>;

test('what a model gives back as it was given becomes what stood in the input, whatever that was', () => {
  fc.assert(fc.property(VALUE, fc.subarray([...MINIMISED_KINDS]), (value, kinds) => {
    const made = minimise(value, kinds);
    expect(made.restore(made.value)).toEqual(value);
  }), { numRuns: 3_000 });
});

test('an address between other words does not leave, wherever it stands', () => {
  const planted = fc.constantFrom<[string, (typeof MINIMISED_KINDS)[number]]>(['ada.l@example.org', 'emails'], ['10.91.92.93', 'ip_addresses'], ['+49 40 9876-5432', 'phone_numbers'], ['sk-zzzz456789abcdef0123', 'secrets']);
  fc.assert(fc.property(TEXT, planted, TEXT, (before, [text, kind], after) => {
    const { value, counts } = minimise(`${before}\nsee ${text} there\n${after}`, [kind]);
    expect(String(value)).not.toContain(`see ${text} there`);
    expect(counts[kind]).toBeGreaterThanOrEqual(1);
  }), { numRuns: 2_000 });
});
