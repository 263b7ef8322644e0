import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ClassifierError } from './errors.ts';
import { predict } from './predict.ts';
import { deserialise, serialise } from './serialise.ts';
import { makeTickets } from './testing/synthetic-tickets.ts';
import { train } from './train.ts';
import type { TrainedModel } from './model.ts';

const tickets = makeTickets({ count: 120, seed: 1, missing: 0.2 });
let model: TrainedModel;
let bytes: Uint8Array;

beforeAll(async () => {
  model = await train(tickets, { labels: ['assignment_group', 'category'], seed: 1 });
  bytes = serialise(model);
});

function refusal(input: Uint8Array): string {
  try {
    deserialise(input);
    return 'accepted';
  } catch (error) {
    return error instanceof ClassifierError ? error.code : String(error);
  }
}

describe('a model as bytes', () => {
  it('comes back whole', () => {
    const back = deserialise(bytes);
    expect(back).toEqual(model);
    expect(Buffer.from(serialise(back)).equals(Buffer.from(bytes))).toBe(true);
    for (const ticket of makeTickets({ count: 20, seed: 2 })) expect(predict(back, ticket)).toEqual(predict(model, ticket));
  });

  it('reads from a Buffer, as files and stores give it', () => {
    expect(deserialise(Buffer.from(bytes))).toEqual(model);
  });

  it('reads from the middle of a larger buffer, and does not keep it', () => {
    const larger = new Uint8Array(bytes.length + 13);
    larger.set(bytes, 13);
    const back = deserialise(larger.subarray(13));
    larger.fill(0);
    expect(back).toEqual(model);
  });

  it('holds no word of any ticket', () => {
    const text = Buffer.from(bytes).toString('utf8');
    const words = tickets.flatMap(({ short_description }) => short_description.split(' ')).filter((word) => word.length > 5);
    expect(words.length).toBeGreaterThan(50);
    expect(words.filter((word) => text.includes(word))).toEqual([]);
  });

  it('refuses every flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        expect(refusal(damaged)).toMatch(/^classifier_model_(magic|version|truncated|digest|malformed)$/u);
      }),
      { numRuns: 150 },
    );
    for (let at = 0; at < 56; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x10;
      expect(refusal(damaged)).toMatch(/^classifier_model_/u);
    }
  });

  it('refuses every cut', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(refusal(bytes.slice(0, length))).toBe('classifier_model_truncated');
      }),
      { numRuns: 100 },
    );
  });

  it('names what is wrong', () => {
    const version = bytes.slice();
    version[8] = 99;
    const tail = bytes.slice();
    tail[tail.length - 1]! ^= 1;
    expect(refusal(new TextEncoder().encode('not a model at all'))).toBe('classifier_model_magic');
    expect(refusal(version)).toBe('classifier_model_version');
    expect(refusal(tail)).toBe('classifier_model_digest');
    expect(refusal(Buffer.concat([bytes, Buffer.from('x')]))).toBe('classifier_model_malformed');
  });
});
