import { afterEach, expect, test } from 'vitest';
import { BAD_DAY_POLICY, compileRego, inputWith, partsOf, startedPdp } from '../testing.ts';
import { createEvaluatorPool } from './evaluator-pool.ts';
import type { Evaluator, EvaluatorPool } from './evaluator-pool.ts';
import { instantiate } from './instance.ts';

const wasm = await compileRego(BAD_DAY_POLICY);
const SOURCE = { wasm, entrypoint: 'countersign/decision', probes: [{ input: '{}', outcome: 'DENY' }], deadline_ms: 2_000 };

const pools: EvaluatorPool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

function newPool(): EvaluatorPool {
  const pool = createEvaluatorPool();
  pools.push(pool);
  return pool;
}

const ask = (evaluator: Evaluator, parameters: object) => evaluator.evaluate(JSON.stringify({ parameters }));
const answered = (message: string) => [{ result: { outcome: 'ALLOW', reasons: [{ rule: 'test/answered', message }], obligations: {} } }];

test('many policies on the same threads: each answers with its own data', async () => {
  const pool = newPool();
  const evaluators = await Promise.all(['a', 'b', 'c'].map((known) => pool.open({ ...SOURCE, data: JSON.stringify({ known }) })));
  const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => ask(evaluators[n % 3] as Evaluator, { do: 'data' })));
  expect(answers).toEqual(Array.from({ length: 300 }, (_, n) => answered('abc'[n % 3] as string)));
  expect(pool.stats()).toMatchObject({ threads: 2, programs: 3, isolated: 0, evaluations: 300 });
});

test('texts of every kind and size come through, in questions and answers', async () => {
  const evaluator = await newPool().open({ ...SOURCE, data: '{}' });
  const texts = ['', 'é😀', '\u0000', '"\\', 'x'.repeat(300_000), '漢'.repeat(100_000)];
  expect(await Promise.all(texts.map((n) => ask(evaluator, { do: 'answer', n })))).toEqual(texts.map(answered));
});

test('equal content is one program, whoever has it; it is forgotten when nobody has it any more', async () => {
  const pool = newPool();
  const data = '{"known":"x"}';
  const [one, two] = await Promise.all([pool.open({ ...SOURCE, data }), pool.open({ ...SOURCE, data })]);
  expect(pool.stats().programs).toBe(1);
  one.retire();
  expect(await ask(two, { do: 'data' })).toEqual(answered('x'));
  await two.close();
  expect(pool.stats().programs).toBe(0);
  const again = await pool.open({ ...SOURCE, data });
  expect(await ask(again, { do: 'data' })).toEqual(answered('x'));
});

test('more policies than a thread holds: the one used longest ago makes room, and comes back when it is asked', async () => {
  const pool = createEvaluatorPool({ threads: 1, limits: { warm: 2 } });
  pools.push(pool);
  const evaluators = await Promise.all(['a', 'b', 'c', 'd'].map((known) => pool.open({ ...SOURCE, data: JSON.stringify({ known }) })));
  for (const round of ['a', 'b', 'c', 'd', 'a', 'd']) {
    expect(await ask(evaluators['abcd'.indexOf(round)] as Evaluator, { do: 'data' })).toEqual(answered(round));
  }
});

test('threads that nobody asks anything end, and the next question has one again with its policy', async () => {
  const pool = createEvaluatorPool({ threads: 1, idle_ms: 20 });
  pools.push(pool);
  expect(pool.stats().threads).toBe(0);
  const evaluator = await pool.open({ ...SOURCE, data: '{"known":"x"}' });
  for (const _round of [1, 2]) {
    expect(await ask(evaluator, { do: 'data' })).toEqual(answered('x'));
    await expect.poll(() => pool.stats().threads).toBe(0);
  }
  expect(pool.stats()).toMatchObject({ evaluations: 2, offences: { stalled: 0, timed_out: 0, crashed: 0 } });
});

test('who asks much, or slowly, does not keep others waiting', async () => {
  const pool = createEvaluatorPool({ threads: 1 });
  pools.push(pool);
  const slow = await pool.open({ ...SOURCE, data: '{"known":"slow"}' });
  const quick = await pool.open({ ...SOURCE, data: '{"known":"quick"}' });
  let dawdled = 0;
  const dawdling = Array.from({ length: 60 }, () => ask(slow, { do: 'dawdle' }).then(() => (dawdled += 1)));
  await Promise.all(Array.from({ length: 50 }, () => ask(quick, { do: 'data' })));
  // Fifty quick questions take as long as a few slow ones: they were asked last and are done before most of the slow ones.
  expect(dawdled).toBeLessThan(30);
  await Promise.all(dawdling);
}, 60_000);

test('a probe with another outcome, or data that is none, keeps a policy from being opened', async () => {
  const pool = newPool();
  await expect(pool.open({ ...SOURCE, data: '{}', probes: [{ input: '{}', outcome: 'ALLOW' }] })).rejects.toMatchObject({ code: 'probe_failed' });
  await expect(pool.open({ ...SOURCE, data: '{"cut off' })).rejects.toMatchObject({ code: 'evaluation_failed' });
  await expect(pool.open({ ...SOURCE, data: '{}', entrypoint: 'countersign/other' })).rejects.toMatchObject({ code: 'evaluation_failed' });
  expect(pool.stats().programs).toBe(0);
});

test('an instance that answers otherwise than the one that was proven is not used', async () => {
  const load = { kind: 'load', ticket: 1, program: 1, module: await WebAssembly.compile(wasm), data: Buffer.from('{"known":"x"}'), entrypoint: 'countersign/decision' } as const;
  const input = JSON.stringify({ parameters: { do: 'data' } });
  const answer = JSON.stringify(answered('x'));
  const text = Buffer.from(instantiate({ ...load, known: [] }, 1_024).evaluate(Buffer.from(input))).toString();
  expect(JSON.parse(text)).toEqual(JSON.parse(answer));
  expect(() => instantiate({ ...load, known: [{ input, answer: text }] }, 1_024)).not.toThrow();
  expect(() => instantiate({ ...load, data: Buffer.from('{}'), known: [{ input, answer: text }] }, 1_024)).toThrow(/otherwise than when it was proven/);
});

test('a bundle that was only signed anew is not loaded again, and one that is replaced is forgotten', async () => {
  const pool = newPool();
  const parts = partsOf(BAD_DAY_POLICY, wasm);
  const pdps = await Promise.all([1, 2, 3].map(() => startedPdp(parts, { evaluators: pool, data: { known: 'shared' } })));
  expect(pool.stats().programs).toBe(1);
  const decisions = await Promise.all(pdps.map((pdp) => pdp.decide(inputWith({ do: 'data' }))));
  expect(decisions.map(({ reasons }) => reasons[0]?.message)).toEqual(['shared', 'shared', 'shared']);
  await Promise.all(pdps.map((pdp) => pdp.stop()));
  expect(pool.stats().programs).toBe(0);
});

test('a closed pool answers nothing', async () => {
  const pool = newPool();
  const evaluator = await pool.open({ ...SOURCE, data: '{}' });
  const lost = ask(evaluator, { do: 'dawdle' });
  const closed = pool.close();
  await expect(lost).rejects.toMatchObject({ code: 'evaluator_closed' });
  await closed;
  await expect(ask(evaluator, { do: 'data' })).rejects.toMatchObject({ code: 'evaluator_closed' });
});
