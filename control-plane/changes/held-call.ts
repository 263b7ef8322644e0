import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import { canonicalText, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';

/** A call as it was checked against the contract, without what shows who sent it. */
export interface HeldCall {
  readonly operation: OperationId;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, JsonValue>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonValue | null;
}

/** Headers that mean something to an operation. No other is kept: cookies and keys are among them. */
const MEANT = ['if-match', 'idempotency-key'] as const;

/** What is sealed, and its digest, which whoever decides names. */
export function payloadOf(operation: OperationId, call: { readonly path: object; readonly query: object; readonly headers: object; readonly body: unknown }): { readonly text: string; readonly digest: string } {
  const headers = call.headers as Record<string, unknown>;
  const text = canonicalText({
    operation, path: { ...call.path } as JsonValue, query: { ...call.query } as JsonValue,
    headers: Object.fromEntries(MEANT.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []))),
    body: (call.body ?? null) as JsonValue,
  });
  return { text, digest: digestOfBytes(text) };
}
