import type { CompileLimits } from './compile-options.ts';
import { CompileError } from './errors.ts';
import type { OpaOutput } from './opa-process.ts';
import { errorAt, NOWHERE } from './problems.ts';
import type { FoundProblem } from './problems.ts';

/** An error as opa prints it with `--format json`. */
export interface OpaError {
  readonly message: string;
  readonly code: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number };
  readonly details?: unknown;
}

/** What opa says is wrong: on stdout or on stderr, by the command. Empty where it says nothing. @throws CompileError `compiler_failed` */
export function errorsIn(output: OpaOutput): readonly OpaError[] {
  if (output.exitCode === 0) return [];
  for (const text of [output.stderr, output.stdout]) {
    const errors = parsed(text)?.errors;
    if (Array.isArray(errors)) return errors;
  }
  throw new CompileError('compiler_failed', `opa ended with ${output.exitCode}: ${(output.stderr || output.stdout).slice(0, 500)}`);
}

function parsed(text: string): { readonly errors?: readonly OpaError[] } | null {
  try {
    return JSON.parse(text) as { errors?: readonly OpaError[] } | null;
  } catch {
    return null;
  }
}

/** A stage that did not come to its end, as a problem of the policy: it is the policy that asks for so much. */
export function stopProblem(stage: string, { stopped, stderr }: OpaOutput, limits: CompileLimits, file = ''): FoundProblem {
  const place = { ...NOWHERE, file };
  switch (stopped) {
    case 'timeout':
      return errorAt(place, 'compile_timeout', `${stage} took longer than ${limits.call_ms / 1000} s and was ended.`, 'Look for rules and tests that go through every combination of large collections.');
    case 'memory':
      return errorAt(place, 'compile_out_of_memory', `${stage} needed more memory than a policy is given and was ended.`, 'Look for deep nesting, for `numbers.range` over many numbers, and for comprehensions over every combination of large collections.');
    case 'output':
      return errorAt(place, 'compile_output_too_large', `${stage} gave more than ${limits.output_bytes} bytes and was ended.`, 'Divide the source into smaller files, and nest less deeply.');
    default:
      return errorAt(place, 'opa_crashed', `${stage} made opa break: ${stderr.split('\n').find((line) => /^(?:panic|fatal error): /.test(line))?.slice(0, 200) ?? 'no reason given'}.`, 'Leave out what was changed last, and report this source to the makers of Countersign.');
  }
}
