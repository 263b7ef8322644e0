import * as opaWasm from '@open-policy-agent/opa-wasm';
import type { LoadedPolicy } from '@open-policy-agent/opa-wasm';
import type { KnownAnswer, LoadMessage } from './protocol.ts';

// Its types promise this by name, but its ES module has it in the default export only.
const { loadPolicySync } = (opaWasm as unknown as { readonly default: Pick<typeof opaWasm, 'loadPolicySync'> }).default;

/** A compiled policy with its data, ready to answer. */
export interface Instance {
  /** JSON in, OPA's result set as JSON out, which is a view that holds until the next question. Throws whatever the policy makes the engine throw. */
  evaluate(input: Uint8Array): Uint8Array;
  /** Memory that an evaluation has taken beyond what the policy began with; it is never given back. */
  grown_bytes(): number;
}

const INITIAL_MEMORY_PAGES = 5;
const PAGE_BYTES = 65_536;
/** More than any decision that keeps its contract. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Loads a policy into memory of its own. A failed setData leaves an instance without its data, and with it without its deny rules: it
 * throws, and such an instance is never used. What is loaded must answer as the instance did that was proven.
 */
export function instantiate({ module, data, entrypoint, known }: LoadMessage, max_memory_pages: number): Instance {
  const policy = loadPolicySync(module, { initial: INITIAL_MEMORY_PAGES, maximum: max_memory_pages });
  const needed = hostFunctions(policy);
  if (needed.length > 0) throw new TypeError(`the policy needs functions of its host, which has none: ${needed.join(', ')}`);
  if (!(policy.minorVersion >= 2)) throw new TypeError('the policy was compiled by an OPA that is too old (ABI 1.2 or later is needed)');
  // opa-wasm takes JSON as an ArrayBuffer that holds nothing else.
  policy.setData(new Uint8Array(data).buffer);
  const instance = answering(policy, entrypointOf(policy, entrypoint));
  assertAnswersAsProven(instance, known);
  return instance;
}

/**
 * Functions that the host would have to answer. opa-wasm has many, in JavaScript: their answers differ from OPA's in places, and what they
 * take is memory of this process, where no cap of a policy holds: one text that is too large ends the process.
 */
function hostFunctions(policy: LoadedPolicy): string[] {
  const start = exportedFunction(policy, 'opa_json_dump')(exportedFunction(policy, 'builtins')());
  return Object.keys(JSON.parse(Buffer.from(textAt(policy, start)).toString('utf8')) as object);
}

/** A view, from there to the closing zero. */
function textAt({ mem }: LoadedPolicy, start: number): Uint8Array {
  const memory = new Uint8Array(mem.buffer);
  return memory.subarray(start, memory.indexOf(0, start));
}

/**
 * OPA's one-off evaluation on the memory itself. opa-wasm's own `evaluate` does the same and parses the result, which would then be
 * written and read once more on its way to the other thread. Source: OPA documentation, "WebAssembly", ABI 1.2 (`opa_eval`).
 */
function answering(policy: LoadedPolicy, entrypoint: number): Instance {
  const opaEval = exportedFunction(policy, 'opa_eval');
  const heap: number = policy.dataHeapPtr;
  const loaded_bytes = policy.mem.buffer.byteLength;
  return {
    evaluate(input) {
      const missing_bytes = heap + input.byteLength - policy.mem.buffer.byteLength;
      if (missing_bytes > 0) policy.mem.grow(Math.ceil(missing_bytes / PAGE_BYTES));
      new Uint8Array(policy.mem.buffer).set(input, heap);
      const start = opaEval(0, entrypoint, policy.dataAddr, heap, input.byteLength, heap + input.byteLength, 0);
      const answer = textAt(policy, start);
      if (answer.byteLength > MAX_ANSWER_BYTES) throw new RangeError(`the policy's answer is larger than ${MAX_ANSWER_BYTES} bytes`);
      return answer;
    },
    grown_bytes: () => policy.mem.buffer.byteLength - loaded_bytes,
  };
}

function entrypointOf(policy: LoadedPolicy, name: string): number {
  const id: unknown = Object.hasOwn(policy.entrypoints, name) ? policy.entrypoints[name] : undefined;
  if (typeof id !== 'number') throw new TypeError(`the policy has no entrypoint ${name}`);
  return id;
}

function exportedFunction({ wasmInstance }: LoadedPolicy, name: string): (...numbers: number[]) => number {
  const { exports } = 'instance' in wasmInstance ? wasmInstance.instance : wasmInstance;
  const exported = exports[name];
  if (typeof exported !== 'function') throw new TypeError(`the policy exports no ${name}`);
  return exported as (...numbers: number[]) => number;
}

function assertAnswersAsProven(instance: Instance, known: readonly KnownAnswer[]): void {
  for (const { input, answer } of known) {
    const given = Buffer.from(instance.evaluate(Buffer.from(input, 'utf8'))).toString('utf8');
    if (given !== answer) throw new TypeError('the policy answers a known question otherwise than when it was proven');
  }
}
