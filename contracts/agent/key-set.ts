/**
 * The keys that an agent believes, signed by the tenant's `work_order` keys: an agent takes the first with its enrolment, and every later one only
 * when its number is higher and a key that it already holds unrevoked signed it. Who loses all of them enrols again.
 */
export const KEY_SET_PAYLOAD = 'application/vnd.countersign.agent-keys.v1+json';
export const KEY_SET_FORMAT = 'countersign.dev/agent-keys/v1';

export const AGENT_KEY_PURPOSES = ['work_order', 'policy_bundle', 'agent_release'] as const;
export type AgentKeyPurpose = (typeof AGENT_KEY_PURPOSES)[number];

export interface AgentKeySet {
  readonly format: typeof KEY_SET_FORMAT;
  readonly tenant_id: string;
  readonly seq: number;
  readonly issued_at: string;
  readonly keys: readonly AgentKey[];
}

export interface AgentKey {
  readonly kid: string;
  readonly purpose: AgentKeyPurpose;
  /** `ES256` for `policy_bundle`, `EdDSA` for the others: taken from here and never from what is verified. */
  readonly algorithm: 'EdDSA' | 'ES256';
  readonly jwk: Readonly<Record<string, string>>;
  /** Revoked ones stay in the set: they sign nothing any more, and what they signed is refused. */
  readonly revoked: boolean;
}
