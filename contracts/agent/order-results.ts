import type { Label } from '../connectors/manifest.ts';

/**
 * What `result` of an outcome is, by the kind of its order. Everything in it is content, was checked against the manifest, cleaned of hidden characters
 * and redacted where it was found, before it was written down there. A `watch` has none: what it finds are entries of their own.
 */
export interface OrderResults {
  /** Null unless it succeeded. */
  readonly execute: ExecuteResult | null;
  readonly prepare: PrepareResult | null;
  readonly reconcile: ReconcileResult | null;
}

export interface ExecuteResult {
  /** Null where it was larger than an entry may be: only writes are then said to have succeeded. */
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly receipt: OrderReceipt | null;
  /** Of everything that the action read by calls of its own. */
  readonly nested_labels: readonly Label[];
  /** How many characters that nobody sees were taken out of the output, by kind. */
  readonly hidden: Readonly<Record<string, number>>;
}

/** The exact write that would be sent, and how a person sees it. */
export interface PrepareResult {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly target: { readonly id: string; readonly label: string; readonly version: string };
  readonly preview: Readonly<Record<string, unknown>>;
  /** `sha256:<hex>` of the canonical action, as the agent reckons it. */
  readonly action_digest: string;
}

export type ReconcileResult =
  | (Omit<ExecuteResult, 'nested_labels'> & { readonly happened: true })
  | { readonly happened: false }
  /** `for_good`: looking again tells nothing more. */
  | { readonly happened: 'unknown'; readonly why: string; readonly for_good: boolean; readonly retry_after_ms: number | null };

/** As the connector gave it: the record's version before and after. */
export type OrderReceipt = Readonly<Record<string, unknown>>;
