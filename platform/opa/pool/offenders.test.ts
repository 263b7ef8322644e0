/**
 * Policies that do not end or that eat memory, among thousands of decisions of others: nobody gets a wrong answer, nobody goes without
 * one, and each offender is denied. Times are printed and not judged: this machine has others to serve.
 */
import { afterEach, expect, test, vi } from 'vitest';
import type { PolicyDecision } from '@countersign/contracts/policy/decision.ts';
import type { Pdp } from '../pdp.ts';
import { BAD_DAY_POLICY, LOOP, compileRego, inputWith, partsOf, startedPdp } from '../testing.ts';
import { createEvaluatorPool } from './evaluator-pool.ts';
import type { EvaluatorPool, PoolOptions } from './evaluator-pool.ts';

const parts = partsOf(BAD_DAY_POLICY, await compileRego(BAD_DAY_POLICY));
const DEADLINE_MS = 1_000;

// Threads that compute for nothing share the machine with whatever else is tested.
vi.setConfig({ testTimeout: 120_000 });

const open: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function world(pdps: number, options: PoolOptions = {}): Promise<{ pool: EvaluatorPool; pdps: Pdp[] }> {
  const pool = createEvaluatorPool(options);
  open.push(() => pool.close());
  // Different data, so that each is a policy of its own.
  const started = await Promise.all(Array.from({ length: pdps }, (_, known) => startedPdp(parts, { evaluators: pool, deadline_ms: DEADLINE_MS, data: { known: `policy ${known}` } })));
  open.push(async () => void (await Promise.all(started.map((pdp) => pdp.stop()))));
  return { pool, pdps: started };
}

interface Timed {
  /** The number of the question, which the answer must name. */
  readonly n: number;
  readonly decision: PolicyDecision;
  readonly took_ms: number;
}

async function timed(answer: Promise<PolicyDecision>, n = 0): Promise<Timed> {
  const began = performance.now();
  return { n, decision: await answer, took_ms: performance.now() - began };
}

/** `count` decisions in turn by each of the PDPs, whose reasons must name the question. */
function askAll(pdps: readonly Pdp[], count: number): Array<Promise<Timed>> {
  return Array.from({ length: count }, (_, n) => timed((pdps[n % pdps.length] as Pdp).decide(inputWith({ do: 'answer', n: String(n) })), n));
}

const wrong = (answers: readonly Timed[]) => answers.filter(({ decision, n }) => decision.outcome !== 'ALLOW' || decision.reasons[0]?.message !== String(n));
const ruleOf = ({ decision }: Timed) => `${decision.outcome} ${decision.reasons[0]?.rule}`;
const slowest = (answers: readonly Timed[]) => Math.round(Math.max(...answers.map(({ took_ms }) => took_ms)));

function print(what: string, others: readonly Timed[], offending: readonly Timed[], pool: EvaluatorPool): void {
  const { offences, isolated } = pool.stats();
  process.stdout.write(
    `${what}: ${others.length} decisions of others, ${wrong(others).length} wrong, slowest ${slowest(others)} ms; `
    + `${offending.length} offending, all ${[...new Set(offending.map(ruleOf))].join(', ')}, after ${slowest(offending)} ms at most; `
    + `deadline ${DEADLINE_MS} ms, threads set aside ${offences.stalled}, killed ${offences.timed_out}, crashed ${offences.crashed}, isolated policies ${isolated}\n`,
  );
}

test('2,000 concurrent decisions while one loops for ever', async () => {
  const { pool, pdps } = await world(5);
  const [offender, ...others] = pdps as [Pdp, ...Pdp[]];
  const before = askAll(others, 1_000);
  const looping = timed(offender.decide(inputWith(LOOP)));
  const after = askAll(others, 1_000);
  const answers = await Promise.all([...before, ...after]);
  const denied = await looping;
  print('one loops', answers, [denied], pool);
  expect(wrong(answers).slice(0, 3)).toEqual([]);
  expect(ruleOf(denied)).toBe('DENY policy_timeout');
});

test('the other decisions of the same policy are answered as well', async () => {
  const { pdps } = await world(1);
  const before = askAll(pdps, 500);
  const looping = timed((pdps[0] as Pdp).decide(inputWith(LOOP)));
  const answers = await Promise.all(before);
  expect(wrong(answers).slice(0, 3)).toEqual([]);
  expect(ruleOf(await looping)).toBe('DENY policy_timeout');
  // It is on a thread of its own now.
  expect(wrong(await Promise.all(askAll(pdps, 20)))).toEqual([]);
});

test('one that loops again and again is isolated, and starves nobody', async () => {
  const { pool, pdps } = await world(4);
  const [offender, ...others] = pdps as [Pdp, ...Pdp[]];
  const looping = Array.from({ length: 40 }, () => timed(offender.decide(inputWith(LOOP))));
  const answers = await Promise.all(askAll(others, 2_000));
  const denied = await Promise.all(looping);
  print('forty loop', answers, denied, pool);
  expect(wrong(answers).slice(0, 3)).toEqual([]);
  expect(new Set(denied.map(ruleOf))).toEqual(new Set(['DENY policy_timeout']));
  expect(pool.stats()).toMatchObject({ isolated: 1 });
});

test('every policy but one loops: that one decides', async () => {
  const { pool, pdps } = await world(5, { isolated_threads: 2 });
  const [good, ...bad] = pdps as [Pdp, ...Pdp[]];
  const looping = bad.flatMap((pdp) => Array.from({ length: 2 }, () => timed(pdp.decide(inputWith(LOOP)))));
  const answers = await Promise.all(askAll([good], 500));
  const denied = await Promise.all(looping);
  print('four of five loop', answers, denied, pool);
  expect(wrong(answers).slice(0, 3)).toEqual([]);
  expect(new Set(denied.map(ruleOf))).toEqual(new Set(['DENY policy_timeout']));
  expect(pool.stats().isolated).toBe(4);
});

test('isolation ends after a time without offence', async () => {
  const { pool, pdps } = await world(1, { isolation_ms: 1 });
  expect(ruleOf(await timed((pdps[0] as Pdp).decide(inputWith(LOOP))))).toBe('DENY policy_timeout');
  expect(wrong(await Promise.all(askAll(pdps, 50)))).toEqual([]);
  expect(pool.stats()).toMatchObject({ isolated: 0, offences: { stalled: 1, timed_out: 1, crashed: 0 } });
});

test('a policy that exhausts its memory is denied, and its next decision and those of others are as before', async () => {
  const { pool, pdps } = await world(3, { limits: { memory_pages: 64 } });
  const [offender, ...others] = pdps as [Pdp, ...Pdp[]];
  const eating = Array.from({ length: 5 }, () => timed(offender.decide(inputWith({ do: 'eat memory' }))));
  const answers = await Promise.all(askAll(others, 1_000));
  const denied = await Promise.all(eating);
  print('memory of the policy', answers, denied, pool);
  expect(wrong(answers).slice(0, 3)).toEqual([]);
  expect(new Set(denied.map(ruleOf))).toEqual(new Set(['DENY policy_error']));
  const after = await offender.decide(inputWith({ do: 'data' }));
  expect(after.reasons[0]?.message).toBe('policy 0');
});

test('a policy that needs functions of its host is not loaded: what those take is memory of the process', async () => {
  const { pool, pdps } = await world(1);
  const source = 'package countersign\n\ndecision := sprintf("%0200000000d", [1]) if input.action\n';
  const pdp = await startedPdp(partsOf(source, await compileRego(source)), { evaluators: pool });
  open.push(() => pdp.stop());
  expect(pdp.status().last_failure).toMatchObject({ code: 'evaluation_failed', message: 'the policy cannot be loaded: the policy needs functions of its host, which has none: sprintf' });
  expect(ruleOf(await timed(pdp.decide(inputWith({ do: 'data' }))))).toBe('DENY bundle_invalid');
  expect(wrong(await Promise.all(askAll(pdps, 5)))).toEqual([]);
});

test('a policy that does not end when it is proven is not used, and holds up nobody', async () => {
  const { pool, pdps } = await world(1);
  const wasm = await compileRego(BAD_DAY_POLICY);
  const loop = { input: JSON.parse(JSON.stringify(inputWith(LOOP))), outcome: 'ALLOW' };
  const starting = startedPdp(partsOf(BAD_DAY_POLICY, wasm, { probes: [loop] }), { evaluators: pool });
  expect(wrong(await Promise.all(askAll(pdps, 200)))).toEqual([]);
  const pdp = await starting;
  open.push(() => pdp.stop());
  expect(pdp.status()).toMatchObject({ state: 'invalid', last_failure: { code: 'evaluation_timeout' } });
  expect(pool.stats().offences).toEqual({ stalled: 0, timed_out: 0, crashed: 0 });
});
