/** What the evaluator and its thread say to each other. Requests are answered in the order in which they were sent. */
export interface EvaluatorThreadData {
  readonly wasm: Uint8Array;
  /** JSON text of the bundle's data. */
  readonly data: string;
  readonly entrypoint: string;
  readonly max_memory_pages: number;
}

export interface EvaluationRequest {
  readonly id: number;
  /** JSON text of the input. */
  readonly input: string;
}

export type ThreadMessage =
  | { readonly ready: true }
  | { readonly id: number; readonly results: unknown }
  | { readonly id: number; readonly failed: string };
