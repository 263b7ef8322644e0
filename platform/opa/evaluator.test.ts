import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readTar } from './bundle/tar.ts';
import { PdpError } from './errors.ts';
import { startEvaluator } from './evaluator.ts';
import type { Evaluator } from './evaluator.ts';
import { findOpa } from '../../policies/opa-command.ts';

/** A policy that a tenant might write on a bad day: what it does depends on the input. */
const POLICY = `
package countersign

decision := {"fine": input.n} if input.do == "answer"

# Minutes of comparing that need no memory.
decision := contains(input.haystack, input.needle) if input.do == "loop"

decision := count(numbers.range(1, 100000000)) if input.do == "eat memory"

decision := x if { input.do == "conflict"; some x in [1, 2] }

decision := data.known if input.do == "data"
`;

const LOOP = { do: 'loop', haystack: 'a'.repeat(500_000), needle: `${'a'.repeat(250_000)}b` };

const evaluators: Evaluator[] = [];
afterAll(() => Promise.all(evaluators.map((evaluator) => evaluator.close())));

const wasm = await compile(POLICY);

async function compile(source: string): Promise<Uint8Array> {
  const scratch = await mkdtemp(join(tmpdir(), 'evaluator-'));
  try {
    await writeFile(join(scratch, 'policy.rego'), source);
    const bundle = join(scratch, 'bundle.tar.gz');
    await promisify(execFile)(await findOpa(), ['build', '-t', 'wasm', '-e', 'countersign/decision', '-o', bundle, join(scratch, 'policy.rego')]);
    return new Map(readTar(gunzipSync(await readFile(bundle)))).get('/policy.wasm') ?? new Uint8Array();
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function start(deadline_ms: number, data = '{"known":[1,2]}'): Promise<Evaluator> {
  const evaluator = await startEvaluator({ wasm, data, entrypoint: 'countersign/decision', deadline_ms });
  evaluators.push(evaluator);
  return evaluator;
}

const ask = (evaluator: Evaluator, input: object) => evaluator.evaluate(JSON.stringify(input));
const codeOf = (answer: Promise<unknown>) => answer.then(() => 'answered', (error: unknown) => (error instanceof PdpError ? error.code : String(error)));

test('answers with OPA\'s result set; undefined is empty; data is there', async () => {
  const evaluator = await start(1_000);
  expect(await ask(evaluator, { do: 'answer', n: 'é😀' })).toEqual([{ result: { fine: 'é😀' } }]);
  expect(await ask(evaluator, { do: 'nothing' })).toEqual([]);
  expect(await ask(evaluator, { do: 'data' })).toEqual([{ result: [1, 2] }]);
});

test('a policy that loops is stopped at its deadline and costs nobody else a decision', async () => {
  const evaluator = await start(100);
  const before = Array.from({ length: 500 }, (_, n) => ask(evaluator, { do: 'answer', n }));
  const looping = ask(evaluator, LOOP);
  const after = Array.from({ length: 500 }, (_, n) => ask(evaluator, { do: 'answer', n }));
  expect(await codeOf(looping)).toBe('evaluation_timeout');
  for (const answers of [before, after]) {
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 500 }, (_, n) => [{ result: { fine: n } }]));
  }
});

test('two that loop are stopped one after the other', async () => {
  const evaluator = await start(100);
  const answers = [LOOP, { do: 'answer', n: 1 }, LOOP, { do: 'answer', n: 2 }].map((input) => codeOf(ask(evaluator, input)));
  expect(await Promise.all(answers)).toEqual(['evaluation_timeout', 'answered', 'evaluation_timeout', 'answered']);
});

test('a policy that eats memory or contradicts itself fails, and the next question is answered with the data still there', async () => {
  const evaluator = await start(5_000);
  expect(await codeOf(ask(evaluator, { do: 'eat memory' }))).toBe('evaluation_failed');
  expect(await codeOf(ask(evaluator, { do: 'conflict' }))).toBe('evaluation_failed');
  expect(await ask(evaluator, { do: 'data' })).toEqual([{ result: [1, 2] }]);
});

test('a policy or data that cannot be loaded is an error at once', async () => {
  const options = { entrypoint: 'countersign/decision', deadline_ms: 1_000 };
  expect(await codeOf(startEvaluator({ ...options, wasm: Buffer.from('\0asm'), data: '{}' }))).toBe('evaluation_failed');
  expect(await codeOf(startEvaluator({ ...options, wasm, data: '{"cut off' }))).toBe('evaluation_failed');
});

test('retiring answers what waits and takes no more; closing fails what waits', async () => {
  const retiring = await start(1_000);
  const waiting = ask(retiring, { do: 'answer', n: 1 });
  retiring.retire();
  expect(await codeOf(ask(retiring, { do: 'answer', n: 2 }))).toBe('evaluator_closed');
  expect(await waiting).toEqual([{ result: { fine: 1 } }]);

  const closing = await start(1_000);
  const lost = codeOf(ask(closing, LOOP));
  await closing.close();
  expect(await lost).toBe('evaluator_closed');
});
