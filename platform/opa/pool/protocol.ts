/** What the pool and its threads say to each other. A thread does what it is told in the order in which it was told. */

export interface ThreadData {
  /** Where the thread says what it is at: see progress.ts. */
  readonly progress: SharedArrayBuffer;
  /** Of each instance; pages of 64 KiB. */
  readonly max_memory_pages: number;
}

/** A question together with the answer of an instance that was proven. The same code with the same data gives the same bytes. */
export interface KnownAnswer {
  readonly input: string;
  readonly answer: string;
}

export interface LoadMessage {
  readonly kind: 'load';
  readonly ticket: number;
  readonly program: number;
  readonly module: WebAssembly.Module;
  /** JSON text of the data, in memory that threads share. */
  readonly data: Uint8Array;
  readonly entrypoint: string;
  readonly known: readonly KnownAnswer[];
}

export type ToThread =
  | LoadMessage
  | { readonly kind: 'unload'; readonly program: number }
  /** Many questions in one buffer, see batch.ts. */
  | { readonly kind: 'evaluate'; readonly batch: ArrayBuffer };

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loaded'; readonly program: number; readonly problem: string | null }
  | { readonly kind: 'answers'; readonly batch: ArrayBuffer };
