import type { CompileLimits } from './compile-options.ts';
import type { ErrorContext } from './error-context.ts';
import { explainError } from './explain-error.ts';
import type { Opa } from './opa-process.ts';
import { errorsIn, stopProblem } from './opa-stage.ts';
import type { FoundProblem } from './problems.ts';

/** `opa check --strict` with the schema of the input and the allowed built-ins. */
export async function checkTypes(opa: Opa, args: { readonly capabilities: string; readonly inputSchema: string; readonly paths: readonly string[] }, context: ErrorContext, limits: CompileLimits): Promise<FoundProblem[]> {
  const output = await opa.run(['check', '--strict', '--format', 'json', '--max-errors', '100', '--schema', args.inputSchema, '--capabilities', args.capabilities, ...args.paths]);
  if (output.stopped !== null) return [stopProblem('Checking types', output, limits)];
  return errorsIn(output).map((error) => explainError(error, context));
}
