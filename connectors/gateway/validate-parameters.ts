import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { CanonicalJsonError } from '@countersign/platform/canonical-json/errors.ts';
import { endedBy } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';

/** Parameters must have a canonical form (they are hashed and shown) and fit the manifest. */
export function validateParameters(parts: GatewayParts, call: Call): void {
  const problem = parametersProblem(parts, call);
  if (problem === null) return;
  throw endedBy({ code: 'parameters_invalid', message: `The parameters of ${call.request.action} do not fit its manifest: ${problem}.`, retryable: false });
}

/** As pointer and rule, never with the value; null when all is well. */
export function parametersProblem(parts: GatewayParts, { request, connector, actionName }: Call): string | null {
  return canonicalProblem(request.parameters) ?? parts.schemas.parametersProblem(connector, actionName, request.parameters);
}

function canonicalProblem(value: unknown): string | null {
  try {
    canonicalText(value);
    return null;
  } catch (error) {
    if (error instanceof CanonicalJsonError) return error.message;
    throw error;
  }
}
