/**
 * The evidence bundle of one run in the first format (v1), which is built no more and stays verifiable; `statement.ts` is the second: a zip (entries stored, sorted by path, dated 1980-01-01, so that the same files give the same bytes) of
 *
 *   manifest.json      `EvidenceManifest`: every other file with its SHA-256, and what the bundle claims
 *   signature.json     `EvidenceSignature` over the exact bytes of manifest.json
 *   run.json           what ran: workflow, version, digests, states, times; which run started it, and `children`: the runs that it started, each with
 *                      the SHA-256 of its own evidence bundle
 *   workflow.yaml      the source that was published under that digest
 *   steps.json         attempts and transitions
 *   decisions.json     every policy decision: outcome, reasons, the bundle with its digest, age and expiry, the path that was asked, the digest
 *                      of the input and what was erased of it in the log, and what decided beside it without binding (`shadows`)
 *   approvals.json     what was asked, who voted, how strongly they were signed in, by which digest
 *   actions.json       canonical actions of writes, byte for byte (`text`), so that their digest can be recomputed
 *   tool-calls.json    intents, outcomes, idempotency keys, receipts
 *   costs.json         cost lines with their price rows, and their sum; the sums of its children beside it
 *   transcript.json    what was read, proposed and written, redacted: field names, digests, labels
 *   audit.jsonl        the chain from the run's first event to the checkpoint: `EvidenceChainLine` per line
 *   checkpoint.json    the signed head that covers it
 *   keys.json          the public keys named above
 *   readme.txt         the same in words
 *
 * Every .json file and every line of audit.jsonl is canonical JSON (RFC 8785); a verifier refuses what is not.
 */
export const EVIDENCE_FORMAT = 'countersign.dev/evidence/v1';

export interface EvidenceManifest {
  readonly format: typeof EVIDENCE_FORMAT;
  readonly evidence_id: string;
  readonly run_id: string;
  readonly tenant_id: string;
  readonly workspace_id: string;
  readonly built_at: string;
  readonly chain: { readonly id: string; readonly first_seq: number; readonly last_seq: number; readonly checkpoint_seq: number };
  readonly files: ReadonlyArray<{ readonly path: string; readonly sha256: string; readonly size_bytes: number }>;
}

export interface EvidenceSignature {
  readonly algorithm: 'EdDSA';
  readonly kid: string;
  /** base64url of the 64-byte signature over the bytes of manifest.json. */
  readonly signature: string;
}

/** A link of the chain; `body` only where the event belongs to the run. */
export interface EvidenceChainLine {
  readonly seq: number;
  readonly prev_hash: string;
  readonly body_sha256: string;
  readonly body?: unknown;
}

export interface EvidenceCheckpoint {
  readonly body: unknown;
  readonly kid: string;
  /** base64url, over the canonical JSON of `body`. */
  readonly signature: string;
}

export interface EvidenceKey {
  readonly kid: string;
  readonly purpose: 'evidence' | 'checkpoint' | 'policy_bundle' | 'webhook' | 'work_order' | 'agent_release';
  readonly algorithm: string;
  readonly public_jwk: Readonly<Record<string, string>>;
  /** Since when others may have it, as far as that is known; what it signed then proves nothing by itself. */
  readonly compromised_since?: string | null;
  readonly revoked_at?: string | null;
  /** Of a checkpoint key: as a verifier key of signed notes is written, for tools of others. */
  readonly vkey?: string;
}

export interface EvidenceKeys {
  readonly keys: readonly EvidenceKey[];
}
