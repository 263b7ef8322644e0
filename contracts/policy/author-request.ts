/**
 * What the command line (`countersign policy`) asks the author's tool (`policies/author`), which it starts as a process: one AuthorRequest
 * on stdin, one AuthorAnswer on stdout, both as JSON.
 */
import type { components } from '../openapi/api.generated.ts';
import type { Decision } from './decision.ts';

/** The content of a policy's folder. */
export interface PolicyFolder {
  readonly layer: 'tenant' | 'workspace' | 'environment';
  /** The packs beneath it, of the tenant's layer; null for those that are shipped as the default. */
  readonly packs: readonly string[] | null;
  /** Rego by its path in the folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, unknown>>;
}

export type AuthorRequest =
  | { readonly command: 'compile'; readonly folder: PolicyFolder; /** The last stage. */ readonly until: 'types' | 'tests' | 'wasm' }
  | { readonly command: 'build'; readonly folder: PolicyFolder }
  | { readonly command: 'simulate'; readonly folder: PolicyFolder; readonly input: unknown };

/** A reason of a decision with the line that its rule's verdict is written on; null where the rule is not found. */
export interface SimulatedReason {
  readonly rule: string;
  readonly message: string;
  readonly place: { readonly file: string; readonly line: number; readonly text: string } | null;
}

export type AuthorAnswer =
  | { readonly error: { readonly code: string; readonly message: string } }
  | {
    readonly report: components['schemas']['PolicyReport'];
    /** Of `build`, where the report is ok. */
    readonly bundle?: { readonly revision: string; readonly digest: string; readonly base64: string };
    /** Of `simulate`, where the report is ok. */
    readonly simulated?: { readonly decision: Decision; readonly reasons: readonly SimulatedReason[] };
  };
