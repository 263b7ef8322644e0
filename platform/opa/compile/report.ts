/**
 * What the compiler says about a policy. Snake case, because it goes on the wire and into the database as it is (all but the WASM):
 * `PolicyReport` in contracts/openapi describes the same shapes.
 */

/** Where in a source. Lines and columns count from 1; `file` is empty and both are 0 where a problem is of the whole and not of one place. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface CompileProblem extends SourcePlace {
  /** Ours (`not_formatted`, `unknown_input_field`, ...) or, where OPA says it best, OPA's own (`rego_parse_error`, ...). See problem-codes.ts. */
  readonly code: string;
  /** An error keeps the policy from being published, a warning does not. */
  readonly severity: 'error' | 'warning';
  /** The line itself, as it stands in the file. */
  readonly text: string;
  readonly message: string;
  /** What to write instead. */
  readonly fix?: string;
}

export interface TestResult {
  readonly name: string;
  readonly file: string;
  readonly passed: boolean;
  /** The line of the expression that did not hold; of the test's head where OPA does not say which it was. */
  readonly failed_at?: number;
  readonly message?: string;
  readonly duration_us: number;
}

/** The first and the last line of a stretch, both included. */
export type LineRange = readonly [from: number, to: number];

export interface FileCoverage {
  readonly covered: readonly LineRange[];
  readonly not_covered: readonly LineRange[];
}

export interface Coverage {
  /** 0 to 100, with one decimal place. Of the files below together. */
  readonly percent: number;
  /** Without test files, and without shipped layers that were given no tests. */
  readonly files: Readonly<Record<string, FileCoverage>>;
}

/** Where a verdict is written: the line of its `"rule": "..."`. */
export interface RulePlace {
  readonly file: string;
  readonly line: number;
}

export interface CompileReport {
  /** No problem is an error, and every test passed. */
  readonly ok: boolean;
  readonly problems: readonly CompileProblem[];
  /** By path: the files that `opa fmt` writes otherwise, as it writes them. */
  readonly formatted: Readonly<Record<string, string>>;
  /** Empty where an earlier stage had errors. */
  readonly tests: readonly TestResult[];
  /** null where no test ran, or one failed. */
  readonly coverage: Coverage | null;
  /** null unless `ok`, and where it was not asked for. */
  readonly wasm: Uint8Array | null;
  /** By the name of the rule, such as `tenant/no_friday_deploys`. Of every layer. */
  readonly rules: Readonly<Record<string, RulePlace>>;
  /** The facts that the rules read and that somebody has to look up, such as `counters`: of every layer, sorted. */
  readonly reads: readonly string[];
  readonly opa_version: string;
  readonly took_ms: number;
}
