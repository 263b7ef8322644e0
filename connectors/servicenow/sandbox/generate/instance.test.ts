/** The generated history: repeatable, varied, unbalanced, a little wrong, and learnable but not trivially so. */
import { describe, expect, test } from 'vitest';
import { CAUSES } from './causes.ts';
import { GROUPS } from './cause.ts';
import { pickCause } from './incident-history.ts';
import { generateInstance, newTicket } from './instance.ts';
import { Random } from './random.ts';
import { writeTicket } from './ticket-text.ts';
import { SLOT_NAMES } from './vocabulary.ts';

const ORDER = { seed: 20_260_101, incidents: 2000, adminUser: 'admin', integrationUser: 'countersign.integration' };
const changes = generateInstance(ORDER);
const rows = (table: string): Array<Record<string, string>> => changes.filter((change) => change.table === table).map((change) => change.record ?? {});
const incidents = rows('incident');
const textOf = (row: { short_description?: string; description?: string }): string => `${row.short_description ?? ''}\n${row.description ?? ''}`;

test('the same seed gives the same instance; another seed another', () => {
  const small = { ...ORDER, incidents: 30 };
  expect(generateInstance(small)).toEqual(generateInstance(small));
  expect(generateInstance({ ...small, seed: 7 })).not.toEqual(generateInstance(small));
});

test('there are 60 causes and more, for every group, and no phrasing names an unknown slot', () => {
  expect(CAUSES.length).toBeGreaterThanOrEqual(60);
  expect(new Set(CAUSES.map((cause) => cause.id)).size).toBe(CAUSES.length);
  expect(new Set(CAUSES.map((cause) => cause.group))).toEqual(new Set(GROUPS));
  const slots = JSON.stringify(CAUSES).matchAll(/\{(\w+)\}/g);
  expect([...slots].map(([, name]) => name).filter((name) => !SLOT_NAMES.has(name ?? ''))).toEqual([]);
});

describe('2,000 incidents', () => {
  test('are resolved or closed, and differ', () => {
    expect(incidents).toHaveLength(2000);
    expect(new Set(incidents.map((row) => row['state']))).toEqual(new Set(['6', '7']));
    expect(new Set(incidents.map(textOf)).size).toBeGreaterThan(1900);
    expect(new Set(incidents.map((row) => row['number'])).size).toBe(2000);
    expect(incidents.filter((row) => /ü|ö|ä|é|ñ/.test(textOf(row))).length).toBeGreaterThan(100);
  });

  test('are spread unevenly over all groups and priorities', () => {
    const sizes = [...Map.groupBy(incidents, (row) => row['assignment_group']).values()].map((group) => group.length);
    expect(sizes).toHaveLength(GROUPS.length);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeGreaterThan(2);
    expect(new Set(incidents.map((row) => row['priority']))).toEqual(new Set(['1', '2', '3', '4', '5']));
  });

  test('refer to groups, users and subcategories that exist', () => {
    const ids = (table: string) => new Set(rows(table).map((row) => row['sys_id']));
    const [groups, users] = [ids('sys_user_group'), ids('sys_user')];
    const subcategories = new Set(rows('sys_choice').filter((row) => row['element'] === 'subcategory').map((row) => `${row['dependent_value']}/${row['value']}`));
    for (const row of incidents) {
      expect([groups.has(row['assignment_group']), users.has(row['caller_id']), users.has(row['assigned_to'])]).toEqual([true, true, true]);
      expect(subcategories).toContain(`${row['category']}/${row['subcategory']}`);
    }
    expect(users.size).toBeGreaterThanOrEqual(60);
  });
});

test('users are named for roles', () => {
  for (const { user_name } of rows('sys_user')) expect(user_name).toMatch(/^(admin|countersign\.[a-z-]+|requester\.\d\d|[a-z.]+\.agent\.\d\d)$/);
});

test('new tickets come from the same distribution and are not copies', () => {
  const random = new Random(99);
  const known = new Set(incidents.map(textOf));
  const fresh = Array.from({ length: 300 }, () => newTicket(random)).map(textOf);
  expect(fresh.filter((text) => known.has(text)).length / fresh.length).toBeLessThan(0.1);
});

test('a word model learns the group, though not perfectly', () => {
  const random = new Random(5);
  const ticket = (): [text: string, group: string] => {
    const cause = pickCause(random);
    return [textOf(writeTicket(random, cause)), cause.group];
  };
  const model = bayes(Array.from({ length: 1500 }, ticket));
  const unseen = Array.from({ length: 400 }, ticket);
  const accuracy = unseen.filter(([text, group]) => model(text) === group).length / unseen.length;
  expect(accuracy).toBeGreaterThan(0.75);
  expect(accuracy).toBeLessThan(0.97);
});

/** Multinomial naive Bayes over words: the plainest yardstick there is. */
function bayes(examples: ReadonlyArray<readonly [string, string]>): (text: string) => string {
  const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const byGroup = Map.groupBy(examples, ([, group]) => group);
  const vocabulary = new Set(examples.flatMap(([text]) => words(text)));
  const groups = [...byGroup].map(([group, own]) => {
    const counts = new Map<string, number>();
    for (const word of own.flatMap(([text]) => words(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return { group, prior: Math.log(own.length / examples.length), weight: (word: string) => Math.log(((counts.get(word) ?? 0) + 0.3) / (total + 0.3 * vocabulary.size)) };
  });
  return (text) => {
    const scored = groups.map(({ group, prior, weight }) => ({ group, score: words(text).reduce((sum, word) => sum + weight(word), prior) }));
    return scored.sort((left, right) => right.score - left.score)[0]?.group ?? '';
  };
}
