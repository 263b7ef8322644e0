/**
 * What the gateway asks of policy, and what policy answers. The schemas beside this file are the contract: `input.schema.json`
 * is what policy authors are checked against, `decision.schema.json` what every result is checked against.
 */
import type { ApprovalState } from '../states/transitions.ts';

/** From the least to the most restrictive. Where rules disagree the most restrictive wins (`policies/base/combine.rego`). */
export const OUTCOMES = ['ALLOW', 'ROUTE', 'THROTTLE', 'REQUIRE_HITL', 'REQUIRE_STEP_UP', 'DENY'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The entrypoint that every bundle has, as OPA writes it: the rule `decision` of the package `countersign`. */
export const DECISION_ENTRYPOINT = 'countersign/decision';

export type ActionRisk = 'read' | 'write' | 'destructive' | 'model';
export type PrincipalKind = 'workflow' | 'person' | 'service' | 'system';

/** Where a value came from. Policy trusts the first two; every other label, also one it does not know, is untrusted. */
export type DataLabel = 'configuration' | 'trusted_system' | 'ticket_text' | 'model_output' | 'hidden_characters';

/** A model that had part in a value, and the origins of what it was given to read. */
export interface ModelReading {
  readonly model: string;
  readonly read: readonly DataLabel[];
}

export interface PolicyVote {
  readonly principal_id: string;
  readonly role: string;
  readonly decision: 'approve' | 'reject';
  readonly auth_strength: string;
}

/** An approval in hand. It counts only for the action whose digest it names, and only while `approved`. */
export interface PolicyApproval {
  readonly id: string;
  readonly action_digest: string;
  readonly tier: string;
  readonly state: ApprovalState;
  readonly requested_by: string;
  readonly votes: readonly PolicyVote[];
}

/** The call that makes another one in its turn. */
export interface CallWithin {
  readonly action: string;
  readonly risk: 'read' | 'write' | 'destructive' | 'model';
  readonly instance_id: string;
  /** Whether policy has decided on it: what is read before that, to prepare a write, is read for something that nobody has allowed yet. */
  readonly decided: boolean;
}

export interface PolicyInput {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly run: { readonly id: string; readonly workflow: string; readonly workflow_version: number; readonly workflow_digest: string };
  readonly step: { readonly id: string; readonly key: string; readonly attempt: number };
  readonly call: { readonly id: string; readonly within?: CallWithin };
  readonly principal: { readonly id: string; readonly kind: PrincipalKind };
  readonly action: {
    readonly connector: string;
    readonly name: string;
    readonly connector_version: string;
    readonly risk: ActionRisk;
    readonly reversible: boolean;
    readonly idempotent: boolean;
    /** `sha256:<hex>` of the canonical action: what an approval is bound to. */
    readonly digest: string;
    /** RFC 6901 pointers into `parameters` that the manifest flags `sensitive`. */
    readonly sensitive_parameters: readonly string[];
  };
  readonly instance: { readonly id: string; readonly name: string };
  readonly parameters: Readonly<Record<string, unknown>>;
  /** By RFC 6901 pointer into `parameters`. Every parameter has labels: a sensitive one without any counts as untrusted. */
  readonly labels: Readonly<Record<string, readonly DataLabel[]>>;
  /** By pointer as `labels`: every model that had part in the value, also through other models. Absent where none had. */
  readonly lineage?: Readonly<Record<string, readonly ModelReading[]>>;
  readonly model: { readonly use: string; readonly pinned: boolean } | null;
  readonly approvals: readonly PolicyApproval[];
  /** RFC 3339. */
  readonly time: string;
}

export interface Reason {
  readonly rule: string;
  readonly message: string;
}

export interface Obligations {
  readonly tier?: string;
  readonly required_role?: string;
  readonly required_votes?: number;
  readonly deadline_ms?: number;
  readonly retry_after_ms?: number;
  readonly target?: string;
}

/** What Rego answers. REQUIRE_HITL always carries tier, role, votes and deadline; THROTTLE retry_after_ms; ROUTE target. */
export interface Decision {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly obligations: Obligations;
}

/** The rules of the decision point itself: each is a DENY, because policy could not be asked or could not be trusted. */
export type FailClosedRule =
  | 'bundle_missing'
  | 'bundle_invalid'
  | 'bundle_stale'
  | 'input_invalid'
  | 'tenant_mismatch'
  | 'policy_error'
  | 'policy_timeout';

/** The bundle that decided, as it goes into the decision's record. */
export interface DecidingBundle {
  readonly revision: string;
  readonly seq: number;
  /** `sha256:<hex>` of the bundle's bytes. */
  readonly digest: string;
  /** Since a refresh last confirmed that this is the newest bundle. */
  readonly age_ms: number;
  /** RFC 3339: when this bundle stops deciding unless it is confirmed again; never later than the signature's own expiry. */
  readonly expires_at: string;
}

export interface PolicyDecision extends Decision {
  readonly bundle: DecidingBundle | null;
  /** `sha256:<hex>` of the input's canonical JSON; of `null` where the input has no canonical form. */
  readonly input_digest: string;
  readonly evaluated_us: number;
}
