/**
 * The thread that runs policy. It knows nothing but one compiled policy and its data, and can be killed at any moment: that is
 * the only way to stop a policy that does not end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import type { EvaluationRequest, EvaluatorThreadData, ThreadMessage } from './evaluator-protocol.ts';

const { wasm, data, entrypoint, max_memory_pages } = workerData as EvaluatorThreadData;
const INITIAL_MEMORY_PAGES = 5;
const encoder = new TextEncoder();

let policy = await instantiate();
let queue = Promise.resolve();
parentPort?.on('message', (request: EvaluationRequest) => {
  queue = queue.then(() => answer(request));
});
send({ ready: true });

/** A failed setData leaves an instance without its data, and with it without its deny rules: such an instance is never used. */
async function instantiate() {
  const instance = await loadPolicy(wasm, { initial: INITIAL_MEMORY_PAGES, maximum: max_memory_pages });
  instance.setData(jsonBytes(data));
  return instance;
}

async function answer({ id, input }: EvaluationRequest): Promise<void> {
  try {
    const results: unknown = policy.evaluate(jsonBytes(input), entrypoint);
    send({ id, results });
  } catch (error) {
    send({ id, failed: wordsOf(error) });
    // What an abort leaves behind in the instance's memory is unknown.
    policy = await instantiate();
  }
}

/** opa-wasm takes JSON as an ArrayBuffer that holds nothing else. */
function jsonBytes(text: string): ArrayBuffer {
  const bytes = encoder.encode(text);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/** opa-wasm throws strings and plain objects as well as errors. */
function wordsOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'unknown failure';
}

function send(message: ThreadMessage): void {
  parentPort?.postMessage(message, []);
}
