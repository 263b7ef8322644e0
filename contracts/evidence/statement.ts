/**
 * Evidence v2: a zip of one form (`archive.ts`) whose files are all subjects of an in-toto statement (https://in-toto.io/Statement/v1) in a DSSE
 * envelope. The evidence of a run, and packages for an approval, a policy release, a period and what else is to be shown.
 *
 *   statement.dsse.json  the envelope; its payload is the canonical `EvidenceStatement`, whose subjects are every other file
 *   events/<seq>.json    an audit event, as canonical JSON: its SHA-256 is the `body_sha256` of its link of the chain
 *   proofs.json          `EventProofs`: for each event the link before it and the way from its leaf to the root of the checkpoint
 *   checkpoint.txt       the signed note (C2SP tlog-checkpoint) with that root, and the cosignatures of witnesses
 *   keys.json            the public keys, with what is known against them
 *   readme.txt           in words, how to verify and what that proves
 *   index.html           the same record as a page that needs no tool and no script
 *   redactions.json      only where somebody left files out afterwards: `Redactions`. Not a subject, since nobody signs anew
 *
 * The evidence of a run has the files of `bundle.ts` beside these, without manifest.json, signature.json, audit.jsonl and checkpoint.json; and
 * agents.json, only where agents carried out calls: the orders that they were given, and what each decided by its own policy.
 */
export const EVIDENCE_FORMAT_V2 = 'countersign.dev/evidence/v2';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const RUN_PREDICATE = 'https://countersign.dev/evidence/run/v2';
export const PACKAGE_PREDICATE = 'https://countersign.dev/evidence/package/v2';

export const STATEMENT_FILE = 'statement.dsse.json';
export const REDACTIONS_FILE = 'redactions.json';
export const PROOFS_FILE = 'proofs.json';
export const CHECKPOINT_FILE = 'checkpoint.txt';
export const KEYS_FILE = 'keys.json';
export const INDEX_FILE = 'index.html';
export const README_FILE = 'readme.txt';
export const MEMBERS_FILE = 'members.json';
export const AGENTS_FILE = 'agents.json';

/** Without these nothing is proven of the others: they are never left out. */
export const NEVER_WITHHELD: ReadonlySet<string> = new Set([STATEMENT_FILE, PROOFS_FILE, CHECKPOINT_FILE, KEYS_FILE, MEMBERS_FILE]);

export interface EvidenceStatement<Predicate = RunPredicate | PackagePredicate> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly predicateType: string;
  /** Every file but the envelope, sorted by name. */
  readonly subject: ReadonlyArray<{ readonly name: string; readonly digest: { readonly sha256: string } }>;
  readonly predicate: Predicate;
}

/** What both kinds of evidence say of themselves. */
export interface EvidenceClaims {
  readonly format: typeof EVIDENCE_FORMAT_V2;
  readonly evidence_id: string;
  readonly tenant_id: string;
  readonly workspace_id: string;
  readonly built_at: string;
  /** Null where no audit event is shown. */
  readonly chain: ProvenChain | null;
}

export interface ProvenChain {
  /** `<tenant_id>/<workspace_id>`. */
  readonly id: string;
  /** How many events the checkpoint covers. */
  readonly tree_size: number;
  readonly checkpoint_sha256: string;
  /** How many events are shown, the first and the last of them. */
  readonly events: number;
  readonly first_seq: number;
  readonly last_seq: number;
}

export interface RunPredicate extends EvidenceClaims {
  readonly run_id: string;
}

export const PACKAGE_KINDS = ['approval', 'policy_release', 'period', 'erasure', 'break_glass', 'tenant_move'] as const;
export type PackageKind = (typeof PACKAGE_KINDS)[number];

export interface PackagePredicate extends EvidenceClaims {
  readonly kind: PackageKind;
  readonly subject_id: string;
  readonly requested_by: string;
  /** What else is claimed, by kind. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface EventProofs {
  readonly tree_size: number;
  /** By seq, ascending. */
  readonly proofs: readonly EventProof[];
}

/** The link is `{body_sha256, prev_hash, seq}`, with the SHA-256 of the event's file; leaf number `seq - 1` of the tree is that line. */
export interface EventProof {
  readonly seq: number;
  readonly prev_hash: string;
  /** RFC 6962 audit path from the leaf to the root, each 32 bytes in hex. */
  readonly hashes: readonly string[];
}

/** Files that somebody left out after signing: the statement still has their digests. */
export interface Redactions {
  readonly withheld: ReadonlyArray<{ readonly path: string; readonly sha256: string; readonly reason: string }>;
}

/** The evidence of the runs of a period: a manifest of manifests. */
export interface Members {
  readonly members: readonly Member[];
  /** Runs of the period that have no evidence, and why. */
  readonly without_evidence: ReadonlyArray<{ readonly run_id: string; readonly state: string }>;
}

export interface Member {
  readonly run_id: string;
  readonly evidence_id: string;
  readonly sha256: string;
  readonly size_bytes: number;
  /** Where it is in the package; null where it is kept beside it, as `<run_id>.evidence.zip`. */
  readonly path: string | null;
  readonly workflow_name: string;
  readonly state: string;
  readonly finished_at: string;
  readonly cost_usd: string;
}
