import { text } from 'node:stream/consumers';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { AuthorAnswer, AuthorRequest } from '@countersign/contracts/policy/author-request.ts';
import { CompileError } from '@countersign/platform/opa/compile/errors.ts';
import type { CompileReport } from '@countersign/platform/opa/compile/report.ts';
import { buildBundle } from './build.ts';
import { AuthorError } from './errors.ts';
import { simulate } from './simulate.ts';
import { compileStack, stackOf } from './stack.ts';

/**
 * The author's half of `countersign policy`: what needs the compiler and the shipped policies, and no server. The command line starts it
 * (decision record 0019), sends one AuthorRequest on stdin and reads one answer from stdout: `{report}` with what else was asked for, or
 * `{error: {code, message}}`. Exit code 0 says that there is an answer, and nothing of whether the policy is good.
 */
async function answer(request: AuthorRequest): Promise<AuthorAnswer> {
  const layers = await stackOf(request.folder);
  if (request.command === 'compile') return { report: withoutWasm(await compileStack(layers, request.until)) };
  const report = await compileStack(layers, 'wasm');
  if (report.wasm === null) return { report: withoutWasm(report) };
  if (request.command === 'simulate') return { report: withoutWasm(report), simulated: await simulate(layers, report, report.wasm, request.input) };
  const { bytes, ...bundle } = buildBundle(layers, report, report.wasm);
  return { report: withoutWasm(report), bundle: { ...bundle, base64: Buffer.from(bytes).toString('base64') } };
}

/** As it goes on the wire. */
function withoutWasm(report: CompileReport): components['schemas']['PolicyReport'] {
  const { ok, problems, formatted, tests, coverage, rules, reads, opa_version, took_ms } = report;
  return JSON.parse(JSON.stringify({ ok, problems, formatted, tests, coverage, rules, reads, opa_version, took_ms })) as components['schemas']['PolicyReport'];
}

const answered = await answer(JSON.parse(await text(process.stdin)) as AuthorRequest).catch((error: unknown): AuthorAnswer => {
  if (!(error instanceof AuthorError) && !(error instanceof CompileError)) throw error;
  return { error: { code: error.code, message: error.message } };
});
process.stdout.write(`${JSON.stringify(answered)}\n`);
