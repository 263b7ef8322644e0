/** Which call of which step of which run this is: what every record of it is filed under. */
export interface CallIdentity {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly run: { readonly id: string; readonly workflow: string; readonly workflowVersion: number; readonly workflowDigest: string };
  readonly step: { readonly id: string; readonly key: string; readonly attempt: number; readonly fence: string };
  /** Unique in the step: the step's own call is `main`, a nested one `main/<action>#<n>`. Stable across attempts. */
  readonly callKey: string;
}
