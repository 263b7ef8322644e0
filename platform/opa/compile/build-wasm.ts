import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { WASM_FILE } from '../bundle/contents.ts';
import { readTar } from '../bundle/tar.ts';
import type { CompileLimits } from './compile-options.ts';
import { CompileError } from './errors.ts';
import type { Opa } from './opa-process.ts';
import { stopProblem } from './opa-stage.ts';
import { errorAt, NOWHERE } from './problems.ts';
import type { FoundProblem } from './problems.ts';

const ARCHIVE = 'bundle.tar.gz';

/** `opa build` to WASM for the one entrypoint. Same sources, same paths, same opa: same bytes. */
export async function buildWasm(opa: Opa, capabilities: string, sources: readonly string[], limits: CompileLimits): Promise<{ readonly wasm: Uint8Array | null; readonly problems: readonly FoundProblem[] }> {
  const output = await opa.run(['build', '--target', 'wasm', '--entrypoint', DECISION_ENTRYPOINT, '--capabilities', capabilities, '--output', path.join(opa.folder, ARCHIVE), ...[...sources].sort()]);
  if (output.stopped === null && output.exitCode !== 0 && output.stderr.includes('file too large')) return { wasm: null, problems: [stopProblem('Compiling to WASM', { ...output, stopped: 'output' }, limits)] };
  if (output.stopped !== null) return { wasm: null, problems: [stopProblem('Compiling to WASM', output, limits)] };
  // `opa build` knows no --format json: what is wrong it says in words, and the checks before have said it better.
  if (output.exitCode !== 0) return { wasm: null, problems: [errorAt(NOWHERE, 'not_compilable', `It cannot be compiled to WASM: ${output.stderr.replace(/^error: /, '').slice(0, 500).trim()}`)] };
  const wasm = new Map(readTar(gunzipSync(await readFile(path.join(opa.folder, ARCHIVE)), { maxOutputLength: limits.output_bytes }))).get(`/${WASM_FILE}`);
  if (wasm === undefined) throw new CompileError('compiler_failed', `opa build wrote no /${WASM_FILE}`);
  return { wasm, problems: [] };
}
