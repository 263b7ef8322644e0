import type { EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';
import type { VerifierKey } from '@countersign/contracts/transparency/note.ts';

export interface VerifyOptions {
  /** The key set that the caller trusts, from `GET /api/v1/keys`. Without it the evidence's own keys are used, and the result says so. */
  readonly trustedKeys: EvidenceKeys | null;
  /** Witnesses each of which must have cosigned the checkpoint. */
  readonly witnesses?: readonly VerifierKey[];
  /** The tenant that the evidence must be of. */
  readonly expectTenant?: string | null;
  /** Gives evidence that a package names and does not hold. */
  readonly memberOf?: (runId: string) => Uint8Array | undefined;
}

/** One thing that was checked and held, in words. */
export interface Proof {
  readonly check: string;
  readonly proves: string;
}

/** What checks have found: what holds, and what a reader must not conclude. */
export interface Findings {
  readonly proofs: readonly Proof[];
  readonly not_proven: readonly string[];
}

export interface Withheld {
  readonly path: string;
  readonly sha256: string;
  /** In the words of whoever left it out, which nobody signed. */
  readonly reason: string;
}

export interface Verification extends Findings {
  readonly verified: true;
  readonly format: 'v1' | 'v2';
  readonly kind: 'run' | PackageKind;
  readonly evidence_id: string;
  /** Null for a package. */
  readonly run_id: string | null;
  readonly tenant_id: string;
  readonly workspace_id: string;
  readonly built_at: string;
  /** Whether files were left out after signing; `withheld` says which. */
  readonly redacted: boolean;
  readonly withheld: readonly Withheld[];
  /** Names of the witnesses that were asked for and whose cosignatures hold. */
  readonly cosigned_by: readonly string[];
  /** Of a package of runs: how many of their bundles were verified, too. */
  readonly members_verified: number;
}

export function combined(...findings: readonly Findings[]): Findings {
  return { proofs: findings.flatMap(({ proofs }) => proofs), not_proven: findings.flatMap(({ not_proven }) => not_proven) };
}
