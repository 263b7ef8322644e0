import type { DsseEnvelope } from '../evidence/dsse.ts';
import type { ActiveKillSwitch } from '../policy/decision.ts';
import type { SpoolEntry } from './spool-entry.ts';

/**
 * What an agent and its cell say to each other: JSON both ways over HTTP/2 and TLS 1.3, on the agent port of the cell, in one connection that the
 * agent dials. `protocol.schema.json` is what both sides check at run time; `protocol-history.md` says what each number brought.
 *
 * Both sides take members that they do not know for not being there: a member may be added without another number, and what is taken away or means
 * something else needs one.
 */
export const PROTOCOL = 1;
/** What this version of the cell still speaks: the number of every agent that is at most two minor versions old. */
export const SUPPORTED_PROTOCOLS: readonly number[] = [1];
/** Sent with every request. */
export const PROTOCOL_HEADER = 'countersign-protocol';

export const AGENT_PATHS = {
  /** POST, `authorization: Enrolment <token>`, without a client certificate. `EnrolRequest` -> 201 `EnrolAnswer`. */
  enrol: '/agent/v1/enrol',
  /** POST `RenewRequest` -> `RenewAnswer`. */
  renew: '/agent/v1/renew',
  /** POST `PollRequest` -> `PollAnswer`, held for up to `POLL_HELD_MS`. Every poll is the heartbeat. */
  poll: '/agent/v1/poll',
  /** POST `DeliverRequest` -> `DeliverAnswer`. */
  deliver: '/agent/v1/deliver',
  /** GET `/{scope}` with `if-none-match` -> the signed bundle (gzip) or 304. Only the scope of the agent's own environment. */
  policy: '/agent/v1/policy',
  /** GET `/{sha256}` -> the bytes of the release that the agent is offered, and of no other. */
  releases: '/agent/v1/releases',
} as const;

export const POLL_HELD_MS = 10_000;
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
export const MAX_ENTRIES_PER_DELIVERY = 500;
/** Not seen for this long: no new work is given to it, and what it had received is of unknown outcome until it says more. */
export const AGENT_LOST_MS = 15_000;

export interface EnrolRequest {
  readonly protocol: number;
  readonly version: string;
  /** `linux-x64` */
  readonly platform: string;
  /** PKCS #10. Only the key in it counts (P-256, and proof that the agent holds it); every name in it is ignored. */
  readonly csr_pem: string;
  /** What parameters of orders are encrypted to: `{kty: EC, crv: P-256, x, y}`. */
  readonly encryption_jwk: EncryptionJwk;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: number;
}

export interface EncryptionJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** Who the agent is from now on, and whom it believes. */
export interface EnrolAnswer extends RenewAnswer {
  readonly agent_id: string;
  readonly spiffe_id: string;
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly pool: string;
  /** The scope of the bundle that it decides by. */
  readonly policy_scope: string;
  /** `KeySet`, taken on the word of this connection, which the token pinned; every later one must be signed by a key of the one before. */
  readonly key_set: DsseEnvelope;
}

export interface RenewRequest {
  readonly csr_pem: string;
}

export interface RenewAnswer {
  readonly certificate_pem: string;
  readonly ca_pem: string;
  readonly server_time: string;
}

export interface PollRequest {
  readonly protocol: number;
  readonly version: string;
  /** Orders that are on the agent's disk since the last poll that was answered. Those are not offered again. */
  readonly received: readonly string[];
  /** How many more orders it takes. */
  readonly free: number;
  readonly capacity: number;
  readonly under_way: readonly string[];
  readonly draining: boolean;
  readonly spool: SpoolState;
  readonly policy: readonly PolicyHeld[];
  readonly key_set_seq: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly connections: ReadonlyArray<{ readonly name: string; readonly connector: string; readonly package_digest: string | null }>;
  /** The agent's own clock, uncorrected. */
  readonly clock: string;
  readonly memory_bytes: number;
  /** How far it has come with the newest release that it was offered; absent: it was offered none yet. */
  readonly upgrade?: UpgradeTold;
}

export interface UpgradeTold {
  readonly version: string;
  readonly sha256: string;
  /** `waiting`: it is here and checked, and begins when no order is under way. `probation`: it runs, and has yet to show that it works. */
  readonly state: 'fetching' | 'waiting' | 'probation' | 'well' | 'failed';
  /** Why it failed. */
  readonly code: string | null;
}

export interface SpoolState {
  readonly epoch: string;
  readonly seq: number;
  readonly delivered_seq: number;
  readonly bytes: number;
  readonly limit_bytes: number;
  readonly state: 'open' | 'full' | 'damaged';
}

export interface PolicyHeld {
  readonly scope: string;
  readonly seq: number | null;
  readonly digest: string | null;
  readonly state: 'fresh' | 'stale' | 'missing' | 'invalid';
  readonly expires_at: string | null;
}

export interface PollAnswer {
  /** Envelopes over `WorkOrder`: each is offered until its id was in `received`. */
  readonly orders: readonly DsseEnvelope[];
  /** What the agent's scope is served now; another one than it holds is to be fetched at once. */
  readonly policy: ReadonlyArray<{ readonly scope: string; readonly seq: number; readonly digest: string }>;
  /** A newer one than the agent named, else null. */
  readonly key_set: DsseEnvelope | null;
  readonly kill_switches: readonly AgentKillSwitch[];
  readonly state: 'active' | 'draining';
  /** The release that it is to run. Null or absent: what it runs. */
  readonly upgrade?: UpgradeOffer | null;
  readonly server_time: string;
}

export interface UpgradeOffer {
  readonly version: string;
  readonly sha256: string;
  readonly size_bytes: number;
  /** Over `AgentRelease`: by the tenant's `agent_release` key, and by whoever published it. */
  readonly signature: DsseEnvelope;
}

/** What stops orders that the agent has in hand. One that is being let go in stages is the cell's to judge, run by run, before it signs. */
export interface AgentKillSwitch extends ActiveKillSwitch {
  /** Of scope `workflow`: the name of the workflow whose orders it stops. Absent: it stops all that this agent does. */
  readonly workflow?: string;
}

export interface DeliverRequest {
  readonly epoch: string;
  readonly first_seq: number;
  /** Hash of the entry before `first_seq`; of an epoch's first entry `FIRST_PREV_HASH`. */
  readonly prev_hash: string;
  readonly entries: readonly SpoolEntry[];
}

/** Up to here the cell has everything, for good. */
export interface DeliverAnswer {
  readonly acked_seq: number;
  readonly hash: string;
}
