import type { Label, Risk, TriggerManifest } from '../connectors/manifest.ts';
import type { ActiveKillSwitch, Autonomy, CallWithin } from '../policy/decision.ts';

/**
 * What the cell asks an agent to do: one signed statement for one agent, once, until `begin_before`. It goes over the wire in a DSSE envelope whose
 * payload is the RFC 8785 text of it, signed by the tenant's `work_order` key. What of it is content is encrypted to the agent's own key, so that
 * neither the database nor the listener that hands it out can read it.
 */
export const WORK_ORDER_PAYLOAD = 'application/vnd.countersign.work-order.v1+json';
export const WORK_ORDER_FORMAT = 'countersign.dev/work-order/v1';

/** No order may begin later than this after it was issued; standing ones (`watch`) are renewed. */
export const ORDER_VALID_MS_MAX = { prepare: 900_000, execute: 900_000, reconcile: 900_000, watch: 3_600_000 } as const;

/**
 * `prepare`: read what a write depends on and say exactly what would be sent; nothing is changed.
 * `execute`: do exactly this action. `reconcile`: find out what became of one. `watch`: look for events until told otherwise.
 */
export type OrderKind = keyof typeof ORDER_VALID_MS_MAX;

export interface WorkOrder {
  readonly format: typeof WORK_ORDER_FORMAT;
  readonly id: string;
  readonly kind: OrderKind;
  readonly audience: { readonly agent_id: string; readonly pool: string };
  readonly issued_at: string;
  /** By the cell's clock: nothing leaves the agent after it. */
  readonly begin_before: string;
  readonly identity: OrderIdentity;
  /** Of the cell's record of the call; null where it has none (`prepare`, `watch`). */
  readonly call_id: string | null;
  readonly idempotency_key: string | null;
  readonly instance: OrderInstance;
  /** `<connector>/<action>`; of a `watch` `<connector>/watch`. */
  readonly action: string;
  readonly risk: Risk;
  /** `sha256:<hex>` of the canonical action; null where it is the agent that prepares one, and for `watch`. */
  readonly action_digest: string | null;
  /** Compact JWE (ECDH-ES, A256GCM) of `SealedParameters` to the agent's encryption key. */
  readonly sealed: string;
  /** Hex, of the JWE's ASCII bytes. */
  readonly sealed_sha256: string;
  /** Hex, of the RFC 8785 bytes of `SealedParameters`. */
  readonly parameters_sha256: string;
  readonly policy: OrderPolicy;
  readonly situation: OrderSituation;
  /** `prepare`: the approval whose place the action takes. */
  readonly follows_approval: string | null;
  /** Where policy sent the call to this instance from: it is not sent on again. */
  readonly routed_from: { readonly target: string; readonly decision_id: string } | null;
  /** The call that makes this one in its turn, where the cell carries that one out itself. */
  readonly within: CallWithin | null;
  /** What the rules of the cell's bundle read by way of counting, by its name: the agent's own count of calls would be another one. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly approval: OrderApproval | null;
  readonly watch: OrderWatch | null;
}

/** The call in the cell's books. */
export interface OrderIdentity {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly run: { readonly id: string; readonly workflow: string; readonly workflow_version: number; readonly workflow_digest: string };
  readonly step: { readonly id: string; readonly key: string; readonly attempt: number; readonly fence: string };
  readonly call_key: string;
}

/** The instance as people approved it. Where it is and how one signs in there only the agent knows. */
export interface OrderInstance {
  readonly id: string;
  readonly name: string;
  readonly connector: string;
  readonly connector_version: string;
  readonly manifest_digest: string;
  readonly package_digest: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface OrderPolicy {
  readonly scope: string;
  readonly seq: number;
  readonly digest: string;
  readonly revision: string;
  /** The cell's decision that lets this call go on; null where the cell only decides on what the agent prepares. */
  readonly decision_id: string | null;
}

export interface OrderSituation {
  readonly time_zone: string;
  readonly kill_switches: readonly ActiveKillSwitch[];
  readonly autonomy: Autonomy;
}

/** The approval that this order uses up, with references to the votes: each id stands in the sealed `approval.vote_cast` event of the vote. */
export interface OrderApproval {
  readonly id: string;
  readonly action_digest: string;
  readonly tier: string;
  readonly requested_by: string;
  readonly expires_at: string;
  readonly required_votes: number;
  readonly required_role: string;
  readonly votes: readonly OrderVote[];
}

export interface OrderVote {
  readonly id: string;
  readonly principal_id: string;
  readonly role: string;
  readonly decision: 'approve' | 'reject';
  readonly auth_strength: string;
  readonly sign_in_age_ms: number | null;
  readonly voted_at: string;
}

export interface OrderWatch {
  readonly every_ms: number;
  /** Where the last look ended; null: from now on. */
  readonly cursor: string | null;
  readonly triggers: ReadonlyArray<{ readonly event: string; readonly trigger: TriggerManifest }>;
}

/** What only the agent may read. */
export interface SealedParameters {
  /** As they will be sent, free texts included. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, readonly Label[]>>;
  /** The canonical action's text, whose digest the order names; null where there is none yet. */
  readonly action_text: string | null;
  /** Free texts that the action binds by digest, by pointer. */
  readonly content: Readonly<Record<string, string>>;
  readonly target: { readonly id: string; readonly label: string; readonly version: string } | null;
}
