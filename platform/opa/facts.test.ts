import { afterEach, expect, test } from 'vitest';
import type { PolicyBudget, PolicyCounters } from '@countersign/contracts/policy/decision.ts';
import { canonicalText, digestOf, digestOfBytes } from '../canonical-json/canonicalize.ts';
import type { PartsDescription } from './bundle/parts.ts';
import type { Pdp } from './pdp.ts';
import { BAD_DAY_POLICY, compileRego, inputWith, partsOf, startedPdp } from './testing.ts';

const wasm = await compileRego(BAD_DAY_POLICY);
const windows = (minute: number) => ({ minute, hour: 10, day: 100 });
const COUNTERS: PolicyCounters = { action: windows(2), instance: windows(3), workflow: windows(4) };
const state = { limit_micro_usd: null, spent_micro_usd: 5, reserved_micro_usd: 0 };
const BUDGET: PolicyBudget = { run: state, workspace: state };
const input = inputWith({ do: 'count' });

const running: Pdp[] = [];
afterEach(() => Promise.all(running.splice(0).map((pdp) => pdp.stop())));

async function reading(reads: readonly string[], more: Partial<PartsDescription> = {}): Promise<Pdp> {
  const pdp = await startedPdp(partsOf(BAD_DAY_POLICY, wasm, { reads, ...more }));
  running.push(pdp);
  return pdp;
}

/** Where facts are to be had, and what was asked for. */
function source(changes: { counters?: () => Promise<PolicyCounters>; budget?: () => Promise<PolicyBudget> } = {}) {
  const asked: string[] = [];
  const noting = <T>(name: string, look: () => Promise<T>) => () => {
    asked.push(name);
    return look();
  };
  return { asked, facts: { counters: noting('counters', changes.counters ?? (async () => COUNTERS)), budget: noting('budget', changes.budget ?? (async () => BUDGET)) } };
}

test('what rules read is looked up once, judged, hashed and recorded', async () => {
  const { asked, facts } = source();
  const decision = await (await reading(['budget', 'counters'])).decide(input, { facts });
  const whole = { ...input, counters: COUNTERS, budget: BUDGET };
  expect(decision).toMatchObject({ outcome: 'ALLOW', reasons: [{ message: 'counted' }], facts: { counters: COUNTERS, budget: BUDGET }, input_text: canonicalText(whole), input_digest: digestOf(whole) });
  expect(digestOfBytes(decision.input_text ?? '')).toBe(decision.input_digest);
  expect(asked.sort()).toEqual(['budget', 'counters']);
});

test('nothing else is looked up', async () => {
  const one = source();
  const decision = await (await reading(['counters'])).decide(input, { facts: one.facts });
  expect(one.asked).toEqual(['counters']);
  expect(decision.facts).toEqual({ counters: COUNTERS });
  const none = source();
  const without = await (await reading([])).decide(input, { facts: none.facts });
  expect(none.asked).toEqual([]);
  expect([without.facts, without.input_text]).toEqual([undefined, canonicalText(input)]);
});

test.each<[string, RegExp, readonly string[], ReturnType<typeof source>['facts'] | undefined]>([
  ['nowhere to look', /reads counters and budget, and there is nowhere to look it up/, ['counters', 'budget'], undefined],
  ['a look that fails', /reads budget, and looking it up failed/, ['counters', 'budget'], source({ budget: () => Promise.reject(new Error('database is gone')) }).facts],
  ['a look that throws', /reads counters, and looking it up failed/, ['counters'], source({ counters: () => { throw new Error('database is gone'); } }).facts],
  ['a fact that nobody knows yet', /reads weather, which this decision point does not know/, ['weather'], source().facts],
])('%s is a denial', async (_name, words, reads, facts) => {
  const decision = await (await reading(reads)).decide(input, facts === undefined ? {} : { facts });
  expect(decision).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'facts_unavailable', message: expect.stringMatching(words) }], input_text: canonicalText(input) });
  expect(decision.bundle).not.toBe(null);
});

test('a bundle that is replaced while facts are looked up costs no decision', async () => {
  const look = Promise.withResolvers<PolicyCounters>();
  const { asked, facts } = source({ counters: () => look.promise });
  let seq = 1;
  const pdp = await startedPdp(partsOf(BAD_DAY_POLICY, wasm, { reads: ['counters', 'budget'] }), { seq: () => seq });
  running.push(pdp);
  const deciding = pdp.decide(input, { facts });
  seq = 2;
  await pdp.refresh();
  look.resolve(COUNTERS);
  expect(await deciding).toMatchObject({ outcome: 'ALLOW', bundle: { seq: 2 } });
  expect(asked.sort()).toEqual(['budget', 'counters']);
});

test('a fact that breaks its contract is a denial', async () => {
  const { facts } = source({ counters: async () => ({ ...COUNTERS, action: { ...windows(1), minute: -1 } }) });
  expect(await (await reading(['counters'])).decide(input, { facts })).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'input_invalid', message: expect.stringContaining('/counters/action/minute') }] });
});

test('the decision says what of its parameters may be kept in the clear', async () => {
  const { action } = input;
  const pdp = await startedPdp(partsOf(BAD_DAY_POLICY, wasm), { release: { keep: { [`${action.connector}/${action.name}`]: ['/do'], 'desk/other': ['/secret'] } } });
  running.push(pdp);
  expect((await pdp.decide(input)).keep).toEqual(['/do']);
  expect((await (await reading([])).decide(input)).keep).toBe(undefined);
});
