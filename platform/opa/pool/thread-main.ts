/**
 * A thread that runs policy: many compiled policies with their data, warm. It knows nothing else, has no environment and may be killed at
 * any moment, which is the only way to stop a policy that does not end. Whatever a policy does here is an answer or a failure of its own.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ANSWERED, BatchWriter, FAILED, readBatch } from './batch.ts';
import type { Entry } from './batch.ts';
import { instantiate } from './instance.ts';
import type { Instance } from './instance.ts';
import { Progress } from './progress.ts';
import type { FromThread, LoadMessage, ThreadData, ToThread } from './protocol.ts';

/** Whoever waits for the first answers of a batch does not wait for the last. */
const SEND_AFTER_MS = 0.5;
const ANSWERS_BYTES = 16 * 1024;
/** An instance that one question made larger than this gives its memory back. */
const MAX_GROWN_BYTES = 8 * 1024 * 1024;

const { progress: memory, max_memory_pages } = workerData as ThreadData;
const progress = new Progress(memory);
const warm = new Map<number, { readonly load: LoadMessage; instance: Instance | null }>();
const answers = new BatchWriter(ANSWERS_BYTES);

parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'load') load(message);
  else if (message.kind === 'unload') warm.delete(message.program);
  else answerAll(message.batch);
});
send({ kind: 'ready' });

function load(message: LoadMessage): void {
  const { program, ticket } = message;
  progress.begin(ticket);
  try {
    warm.set(program, { load: message, instance: instantiate(message, max_memory_pages) });
    send({ kind: 'loaded', program, problem: null });
  } catch (error) {
    send({ kind: 'loaded', program, problem: wordsOf(error) });
  } finally {
    progress.end();
  }
}

function answerAll(batch: ArrayBuffer): void {
  let sent_ms = performance.now();
  for (const question of readBatch(batch)) {
    answer(question);
    const now_ms = performance.now();
    if (now_ms - sent_ms < SEND_AFTER_MS) continue;
    sendAnswers();
    sent_ms = now_ms;
  }
  if (!answers.isEmpty) sendAnswers();
}

function answer({ numbers: [ticket, program], text }: Entry): void {
  const began_ms = performance.now();
  const took_us = (): number => Math.ceil((performance.now() - began_ms) * 1_000);
  progress.begin(ticket);
  const policy = warm.get(program);
  try {
    if (policy === undefined) throw new TypeError('the policy could not be loaded');
    // After a failure: loaded anew for whoever asks next.
    policy.instance ??= instantiate(policy.load, max_memory_pages);
    const result = policy.instance.evaluate(text);
    answers.addBytes([ticket, ANSWERED, took_us()], result);
    if (policy.instance.grown_bytes() > MAX_GROWN_BYTES) policy.instance = null;
  } catch (error) {
    // What an abort leaves behind in the instance's memory is unknown.
    if (policy !== undefined) policy.instance = null;
    answers.addText([ticket, FAILED, took_us()], wordsOf(error));
  } finally {
    progress.end();
  }
}

function sendAnswers(): void {
  const batch = answers.take();
  parentPort?.postMessage({ kind: 'answers', batch } satisfies FromThread, [batch]);
}

/** opa-wasm throws strings and plain objects as well as errors. */
function wordsOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'unknown failure';
}

function send(message: FromThread): void {
  parentPort?.postMessage(message, []);
}
