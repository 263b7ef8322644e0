/** The parts of a bundle's files that the checks read. */
export interface ApprovalRecord {
  readonly id: string;
  /** `outcome`: what became of a call that nobody could tell about; absent in bundles of before there were any. */
  readonly kind?: 'action' | 'outcome';
  readonly call_id?: string | null;
  readonly answer?: string | null;
  readonly action_digest: string;
  readonly state: string;
  readonly required_votes: number;
  readonly required_role: string;
  /** How voters must have signed in; null where policy asked for no step up, absent in bundles of before that was recorded. */
  readonly min_strength?: string | null;
  readonly max_sign_in_age_ms?: number | null;
  readonly requested_by: string;
  readonly requested_at: string;
  readonly expires_at: string;
  readonly consumed_at: string | null;
  /** When the action itself was shredded; absent in bundles of before that was recorded. */
  readonly shredded_at?: string | null;
  readonly votes: ReadonlyArray<{
    readonly principal_id: string;
    readonly role: string;
    readonly decision: string;
    readonly action_digest: string;
    readonly auth_strength: string;
    readonly sign_in_age_ms?: number | null;
    /** How they had signed in, in the words of the identity provider; absent in bundles of before that was recorded. */
    readonly auth?: { readonly method: string | null; readonly idp: string | null; readonly acr: string | null; readonly amr: readonly string[] };
    readonly voted_at: string;
  }>;
}

export interface ToolCallRecord {
  readonly id: string;
  readonly step_id: string;
  readonly action: string;
  readonly risk: string;
  readonly state: string;
  readonly action_digest: string;
  readonly decision_id: string;
  readonly approval_id: string | null;
  /** `said_by`: nobody but a person could tell that it happened. */
  readonly receipt?: {
    readonly said_by?: { readonly principal_id: string; readonly approval_id: string };
    readonly target_id?: string;
    readonly version_before?: string | null;
    readonly version_after?: string | null;
    readonly verified_by_reading_back?: boolean;
  } | null;
  readonly intended_at: string;
}

export interface DecisionRecord {
  readonly id: string;
  readonly outcome: string;
  readonly action: string;
  readonly action_digest: string;
  readonly approval_id: string | null;
  readonly bundle_revision: string | null;
  readonly obligations: { readonly required_votes?: number };
}

export interface ActionRecord {
  readonly action_digest: string;
  /** The canonical action, byte for byte. */
  readonly text: string;
}
