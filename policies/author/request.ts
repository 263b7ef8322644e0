/** What the command line sends on stdin: the content of a policy's folder, which it has read and found to be well formed. */
export interface PolicyFolder {
  readonly layer: 'tenant' | 'workspace' | 'environment';
  /** The packs beneath it; for a layer above the tenant's those that its tenant is taken to have. */
  readonly packs: readonly string[];
  /** Rego by its path in the folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One question. `until` names the last stage, as in CompileOptions. */
export type AuthorRequest =
  | { readonly command: 'compile'; readonly folder: PolicyFolder; readonly until: 'types' | 'tests' | 'wasm' }
  | { readonly command: 'build'; readonly folder: PolicyFolder }
  | { readonly command: 'simulate'; readonly folder: PolicyFolder; readonly input: unknown };
