import { canonicalText, digestOf, digestOfBytes } from '../../canonical-json/canonicalize.ts';
import { PdpError } from '../errors.ts';
import type { KnownAnswer } from './protocol.ts';

/** A question with the outcome that it must get before the policy decides anything. */
export interface ProbeQuestion {
  /** JSON text. */
  readonly input: string;
  readonly outcome: string;
}

export interface ProgramSource {
  readonly wasm: Uint8Array;
  /** JSON text. */
  readonly data: string;
  readonly entrypoint: string;
  readonly probes: readonly ProbeQuestion[];
}

/** Compiled code with its data, as every thread loads it: compiled once, and the data lies in memory that threads share. */
export interface Program {
  /** Of this process. */
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly data: Uint8Array;
  readonly entrypoint: string;
  readonly known: readonly KnownAnswer[];
}

/** What is equal by this answers equally: a bundle that was only signed anew is loaded once. */
export function programKey({ wasm, data, entrypoint, probes }: ProgramSource): string {
  return digestOf({ wasm: digestOfBytes(wasm), data: digestOfBytes(data), entrypoint, probes: digestOfBytes(canonicalText(probes)) });
}

let programs = 0;

/** Throws PdpError where the bytes are no WebAssembly. */
export async function compileProgram({ wasm, data, entrypoint }: ProgramSource): Promise<Program> {
  programs += 1;
  const id = programs;
  try {
    return { id, module: await WebAssembly.compile(wasm), data: sharedBytes(data), entrypoint, known: [] };
  } catch (cause) {
    throw new PdpError('evaluation_failed', 'the policy cannot be loaded: its WASM does not compile', { cause });
  }
}

function sharedBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
}
