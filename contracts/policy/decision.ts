/**
 * What the gateway asks of policy, and what policy answers. The schemas beside this file are the contract: `input.schema.json`
 * is what policy authors are checked against, `decision.schema.json` what every result is checked against.
 */
import type { ApprovalState } from '../states/transitions.ts';
import type { SignInStrength } from './sign-in-strength.ts';

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
  /** How old the voter's sign-in was at the vote; null where it is not known, which counts as too old. */
  readonly sign_in_age_ms: number | null;
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

/** How far a workflow may go by itself. */
export const AUTONOMY_LEVELS = ['observe', 'supervised', 'autonomous'] as const;
export type Autonomy = (typeof AUTONOMY_LEVELS)[number];

/** The time on the tenant's clocks. */
export interface LocalTime {
  /** IANA time zone. */
  readonly zone: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly weekday: 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday';
  readonly hour: number;
  readonly minute: number;
}

export const KILL_SWITCH_SCOPES = ['tenant', 'workspace', 'environment', 'workflow'] as const;
export interface ActiveKillSwitch {
  readonly id: string;
  readonly scope: (typeof KILL_SWITCH_SCOPES)[number];
  readonly reason: string;
}

/** Calls that policy allowed within the last minute, hour and day. */
export interface Windows {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
}

export interface PolicyCounters {
  readonly action: Windows;
  readonly instance: Windows;
  readonly workflow: Windows;
}

/** In millionths of a dollar. */
export interface BudgetState {
  /** null: no limit. */
  readonly limit_micro_usd: number | null;
  readonly spent_micro_usd: number;
  readonly reserved_micro_usd: number;
}

export interface PolicyBudget {
  readonly run: BudgetState;
  readonly workspace: BudgetState;
}

/** What is looked up only for a bundle whose rules read it; such a bundle does not decide without it. */
export interface PolicyFacts {
  readonly counters: PolicyCounters;
  readonly budget: PolicyBudget;
}
/** Where facts are looked up. Each is asked at most once for a decision; a rejection is a DENY (`facts_unavailable`). */
export type FactSource = { readonly [Fact in keyof PolicyFacts]: () => Promise<PolicyFacts[Fact]> };
export const FACT_NAMES = ['counters', 'budget'] as const satisfies ReadonlyArray<keyof PolicyFacts>;
export type FactName = (typeof FACT_NAMES)[number];

export interface PolicyInput extends Partial<PolicyFacts> {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly run: { readonly id: string; readonly workflow: string; readonly workflow_version: number; readonly workflow_digest: string; readonly autonomy: Autonomy };
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
    readonly data_classes: readonly string[];
  };
  readonly instance: { readonly id: string; readonly name: string };
  readonly parameters: Readonly<Record<string, unknown>>;
  /** By RFC 6901 pointer into `parameters`. Every parameter has labels: a sensitive one without any counts as untrusted. */
  readonly labels: Readonly<Record<string, readonly DataLabel[]>>;
  /** By pointer as `labels`: every model that had part in the value, also through other models. Absent where none had. */
  readonly lineage?: Readonly<Record<string, readonly ModelReading[]>>;
  readonly model: { readonly use: string; readonly pinned: boolean } | null;
  readonly approvals: readonly PolicyApproval[];
  /** Where policy sent the call here: what it was meant for, and the decision that sent it. */
  readonly routed_from?: { readonly target: string; readonly decision_id: string };
  /** RFC 3339. */
  readonly time: string;
  readonly local_time: LocalTime;
  /** The active ones that concern this call. */
  readonly kill_switches: readonly ActiveKillSwitch[];
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
  /** A strength that the list does not have is refused by whoever would have to compare with it. */
  readonly min_strength?: SignInStrength | (string & {});
  readonly max_sign_in_age_ms?: number;
  readonly retry_after_ms?: number;
  readonly rate?: { readonly count: number; readonly per_ms: number };
  /** `<connector>/<model>`, `instance:<name>` or `agent:<pool>`. */
  readonly target?: string;
  /** By RFC 6901 pointer into the parameters: the largest number that may be sent. */
  readonly caps?: Readonly<Record<string, number>>;
  /** RFC 6901 pointers into the parameters whose values are taken out before anything is sent. */
  readonly redactions?: readonly string[];
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly obligations: Obligations;
}

/**
 * What Rego answers. REQUIRE_HITL always carries tier, role, votes and deadline; REQUIRE_STEP_UP these, a strength and an age; THROTTLE
 * retry_after_ms; ROUTE target. Caps and redactions come with every outcome after which something may still be sent.
 */
export interface Decision extends Verdict {
  /** What it would be if the rules in shadow mode were binding. */
  readonly shadow?: Verdict;
}

/** What did not bind, as it goes into the record next to what did. */
export interface ShadowDecision extends Verdict {
  /** Rules in shadow mode, or a whole bundle in shadow mode. */
  readonly source: 'rules' | 'bundle';
  readonly bundle: DecidingBundle | null;
  /** Whether outcome or obligations are others than the binding ones. */
  readonly differs: boolean;
}

/** The rules of the decision point itself: each is a DENY, because policy could not be asked or could not be trusted. */
export type FailClosedRule =
  | 'bundle_missing'
  | 'bundle_invalid'
  | 'bundle_stale'
  | 'input_invalid'
  | 'tenant_mismatch'
  | 'policy_error'
  | 'policy_timeout'
  | 'facts_unavailable';

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

export interface PolicyDecision extends Verdict {
  readonly bundle: DecidingBundle | null;
  /** `sha256:<hex>` of the input's canonical JSON; of `null` where the input has no canonical form. */
  readonly input_digest: string;
  readonly evaluated_us: number;
  /** The canonical JSON that policy read, facts included: what `input_digest` is of, for whoever records it. Absent where there is none. */
  readonly input_text?: string;
  /** The entrypoint that was asked. */
  readonly path: typeof DECISION_ENTRYPOINT;
  /** What did not bind, next to what did. */
  readonly shadows: readonly ShadowDecision[];
  /** What was looked up for the bundle and stands in the input that was hashed. Absent: its rules read none. */
  readonly facts?: Partial<PolicyFacts>;
  /** RFC 6901 pointers into the parameters of this action that the bundle lets the decision log keep (`decision_log.keep`). Absent: none. */
  readonly keep?: readonly string[];
}
