import type { CompileReport } from './report.ts';

/** Also the folder that the layer's files lie in. */
export type LayerName = 'base' | `packs/${string}` | 'tenant' | 'workspace' | 'environment';

/** One layer of a stack. Tests (`*_test.rego`) are run where they are given, and are never part of what is compiled. */
export interface CompileLayer {
  readonly name: LayerName;
  /** Rego by its path in the bundle: `base/..`, `packs/<name>/..`, `tenant/..`, `workspace/..`, `environment/..`. Problems name the same paths. */
  readonly files: ReadonlyMap<string, string>;
  /** What the sources find at `data.countersign.config.<layer>` (`data.countersign.config.packs.<name>` for a pack). Default: nothing. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface CompileLimits {
  readonly file_bytes: number;
  /** Of all files together. */
  readonly source_bytes: number;
  readonly files: number;
  /** Of the data of all layers, as JSON. */
  readonly data_bytes: number;
  /** For each call of opa. */
  readonly call_ms: number;
  /** For one test. */
  readonly test_ms: number;
  /** Address space of each opa process. Enforced by the kernel (RLIMIT_AS). */
  readonly memory_bytes: number;
  /** What opa may print, and the size of each file that it may write. */
  readonly output_bytes: number;
}

export interface CompileOptions {
  /** Path of the opa binary. */
  readonly opa: string;
  /** The whole stack: the base, the chosen packs, and the layers over them. */
  readonly layers: readonly CompileLayer[];
  /** Path of the capabilities file that sources are held to (`policies/capabilities.json`). */
  readonly capabilities: string;
  /** Path of the JSON Schema of the input (`contracts/policy/input.schema.json`). */
  readonly inputSchema: string;
  /** The last stage: types are checked, tests are run, WASM is made. Only then is there WASM in the report. Default: `wasm`. */
  readonly until?: 'types' | 'tests' | 'wasm';
  /** Default: DEFAULT_LIMITS. */
  readonly limits?: Partial<CompileLimits>;
  /** Ends the compilation early: its promise is rejected with the signal's reason, and no process stays behind. */
  readonly signal?: AbortSignal;
}

/** `compilePolicy` in compile-policy.ts. What is wrong with the policy is in the report; what is wrong with us is thrown. @throws CompileError */
export type CompilePolicy = (options: CompileOptions) => Promise<CompileReport>;
