import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ClassifierError } from './errors.ts';
import { accuracy, expectedCalibrationError, outcomeOf, top3 } from './eval/metrics.ts';
import type { Judged } from './eval/metrics.ts';
import type { LabelledTicket, TrainedModel } from './model.ts';
import { predict } from './predict.ts';
import { serialise } from './serialise.ts';
import { SUMMARY_MAX_CHARS } from './summary.ts';
import { makeTickets } from './testing/synthetic-tickets.ts';
import { train } from './train.ts';

const LABELS = ['assignment_group', 'category'];

let model: TrainedModel;
const unseen = makeTickets({ count: 800, seed: 2 });

beforeAll(async () => {
  model = await train(makeTickets({ count: 1_500, seed: 1, missing: 0.3 }), { labels: LABELS, seed: 1 });
});

function judge(label: string): Judged[] {
  return unseen.map((ticket) => ({ said: predict(model, ticket).labels[label]!, truth: ticket.labels[label]! }));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'nothing thrown', (error: unknown) => (error instanceof ClassifierError ? error.code : String(error)));
}

describe('what it learns', () => {
  it('routes unseen tickets in three scripts nearly as well as the label noise allows', () => {
    expect(accuracy(judge('assignment_group'))).toBeGreaterThan(0.88);
    expect(top3(judge('assignment_group'))).toBeGreaterThan(0.92);
    expect(accuracy(judge('category'))).toBeGreaterThan(0.88);
  });

  it('means its confidence', () => {
    expect(expectedCalibrationError(judge('assignment_group').map(outcomeOf))).toBeLessThan(0.06);
    const outcomes = judge('assignment_group').map(outcomeOf).toSorted((a, b) => a.confidence - b.confidence);
    const rightOf = (part: typeof outcomes): number => part.filter(({ right }) => right).length / part.length;
    expect(rightOf(outcomes.slice(-200))).toBeGreaterThan(rightOf(outcomes.slice(0, 200)));
  });

  it('is no surer than chance when the labels are drawn by lot', async () => {
    const tickets = makeTickets({ count: 600, seed: 5 }).map((ticket, at) => ({ ...ticket, labels: { coin: (at * 7919) % 13 < 6 ? 'heads' : 'tails' } }));
    const coins = await train(tickets, { labels: ['coin'], seed: 1 });
    const mean = unseen.reduce((sum, ticket) => sum + predict(coins, ticket).labels['coin']!.confidence, 0) / unseen.length;
    expect(mean).toBeLessThan(0.65);
  });

  it('names the training tickets it rests on, nearest first, and finds a ticket it knows', () => {
    const known = makeTickets({ count: 1_500, seed: 1, missing: 0.3 })[42]!;
    const { similar } = predict(model, known);
    expect(similar).toHaveLength(5);
    expect(similar[0]!.id).toBe(known.id);
    expect(similar[0]!.similarity).toBeCloseTo(1, 4);
    expect(similar.map(({ similarity }) => similarity)).toEqual(similar.map(({ similarity }) => similarity).toSorted((a, b) => b - a));
  });

  it('only suggests below 1,000 labelled tickets, counted per model and per label', async () => {
    const small = await train(makeTickets({ count: 999, seed: 3 }), { labels: LABELS, seed: 1 });
    expect(predict(small, unseen[0]!)).toMatchObject({ mode: 'suggest', labelled_count: 999 });
    const prediction = predict(model, unseen[0]!);
    expect(prediction).toMatchObject({ mode: 'propose', labelled_count: 1_500 });
    expect(prediction.labels['category']!.labelled_count).toBeLessThan(1_200);
    expect(prediction.labels['category']!.mode).toBe(prediction.labels['category']!.labelled_count >= 1_000 ? 'propose' : 'suggest');
  });
});

describe('odd training sets', () => {
  const ticket = (id: string, text: string, labels: Record<string, string>): LabelledTicket => ({ id, short_description: text, description: '', labels });

  it('learns from a single ticket', async () => {
    const one = await train([ticket('a', 'printer jam', { category: 'hardware' })], { labels: ['category', 'priority'], seed: 1 });
    const { labels } = predict(one, { short_description: 'vpn', description: '' });
    expect(Object.keys(labels)).toEqual(['category']);
    expect(labels['category']).toMatchObject({ value: 'hardware', mode: 'suggest' });
    expect(labels['category']!.confidence).toBeCloseTo(2 / 3);
  });

  it('learns a class of two tickets among many', async () => {
    const tickets = [...makeTickets({ count: 400, seed: 4 }), ticket('x', 'badge reader turnstile', { assignment_group: 'facilities' }), ticket('y', 'turnstile badge broken', { assignment_group: 'facilities' })];
    const rare = await train(tickets, { labels: ['assignment_group'], seed: 1 });
    const said = predict(rare, { short_description: 'badge turnstile', description: '' }).labels['assignment_group']!;
    expect(said.top.map(({ value }) => value)).toContain('facilities');
  });

  it('treats blank values as missing and ignores labels it was not asked for', async () => {
    const blank = await train([ticket('a', 'one', { category: 'x', extra: 'y' }), ticket('b', 'two', { category: '  ' })], { labels: ['category'], seed: 1 });
    expect(blank.labels.map(({ label, labelledCount, classes }) => [label, labelledCount, classes])).toEqual([['category', 1, ['x']]]);
  });

  it('refuses what it cannot learn from, by code', async () => {
    const options = { labels: ['category'], seed: 1 };
    const good = ticket('a', 'one', { category: 'x' });
    expect(await codeOf(train([], options))).toBe('classifier_no_tickets');
    expect(await codeOf(train([good], { labels: [], seed: 1 }))).toBe('classifier_no_labels');
    expect(await codeOf(train([good], { labels: ['other'], seed: 1 }))).toBe('classifier_no_labels');
    expect(await codeOf(train([good, good], options))).toBe('classifier_duplicate_ticket');
    expect(await codeOf(train([good], { ...options, seed: Number.NaN }))).toBe('classifier_invalid_seed');
    expect(await codeOf(train([{ ...good, id: '' }], options))).toBe('classifier_invalid_ticket');
    expect(await codeOf(train(Array.from({ length: 50_001 }, () => good), options))).toBe('classifier_too_many_tickets');
  });
});

describe('determinism', () => {
  it('gives the same bytes for the same tickets, labels and seed, and other bytes for another seed', async () => {
    const tickets = makeTickets({ count: 200, seed: 9, missing: 0.2 });
    const bytes = async (seed: number): Promise<Buffer> => Buffer.from(serialise(await train(tickets, { labels: LABELS, seed })));
    const first = await bytes(11);
    expect((await bytes(11)).equals(first)).toBe(true);
    expect((await bytes(12)).equals(first)).toBe(false);
  });
});

describe('any text at all', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ maxLength: 300 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  );

  it('answers with probabilities, a bounded well-formed summary and the same answer twice', () => {
    fc.assert(
      fc.property(nasty, nasty, (short_description, description) => {
        const said = predict(model, { short_description, description });
        expect(predict(model, { short_description, description })).toEqual(said);
        for (const { value, confidence, top } of Object.values(said.labels)) {
          expect(top[0]).toEqual({ value, confidence });
          expect(top.every((ranked, at) => ranked.confidence >= 0 && ranked.confidence <= (top[at - 1]?.confidence ?? 1))).toBe(true);
          expect(top.reduce((sum, ranked) => sum + ranked.confidence, 0)).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(said.summary.length).toBeLessThanOrEqual(SUMMARY_MAX_CHARS);
        expect(said.summary.isWellFormed()).toBe(true);
        expect(said.summary).not.toContain('\u0000');
      }),
      { numRuns: 300 },
    );
  });

  it('trains on NULs, lone surrogates, empty tickets and a megabyte of one word', async () => {
    const texts = ['\u0000\u0000', '\ud800 broken \udc00', '', 'a'.repeat(1_000_000), 'word '.repeat(200_000), '<'.repeat(100_000), '>\n'.repeat(50_000)];
    const odd = await train(
      texts.map((description, at) => ({ id: `${at}`, short_description: description.slice(0, 50), description, labels: { category: `c${at % 2}` } })),
      { labels: ['category'], seed: 1 },
    );
    for (const description of texts) expect(predict(odd, { short_description: '', description }).labels['category']!.confidence).toBeGreaterThan(0);
  });

  it('says of an empty ticket no more than which value is common', () => {
    const said = predict(model, { short_description: '', description: '' });
    expect(said.summary).toBe('');
    expect(said.similar).toEqual([]);
    expect(said.labels['assignment_group']!.confidence).toBeLessThan(0.7);
  });
});
