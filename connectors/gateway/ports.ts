import type { ConnectorManifest, Label, Risk } from '@countersign/contracts/connectors/manifest.ts';
import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import type { ActiveKillSwitch, Autonomy, CallWithin, DecidingBundle, FactSource, Obligations, ShadowDecision } from '@countersign/contracts/policy/decision.ts';
import type { Connector, JsonObject, ModelAnswer, Prepared, Receipt, ModelStore } from '../sdk/connector.ts';
import type { CallIdentity } from './call-identity.ts';
import type { CanonicalAction } from './canonical-action.ts';
import type { ContentTexts } from './content-parameters.ts';
import type { Estimate } from './budget.ts';
import type { PricedUsage, PriceLists } from './pricing.ts';

/**
 * What the gateway needs from where it runs. The worker gives it Postgres; the agent will give it its spool.
 * Each `commit*` is one transaction that also appends the audit event of what it says, and fails with `StaleLeaseError`
 * when the step's lease is no longer held under this fence.
 */
export interface GatewayStore {
  /**
   * The newest write of this step and call key that has not failed, if any; else, under a key that the workflow names, the one of any
   * step of the environment (`key.action`, `key.text`). Another step's that is intended and that nobody works on any more is `uncertain`.
   */
  findEffect(call: CallIdentity, key: EffectKey | null): Promise<ExistingEffect | null>;
  /** The approval that this step last asked for under this call key, with its votes; null when it never asked. */
  findApproval(call: CallIdentity): Promise<ApprovalInHand | null>;
  /** Records a decision that does not let the call go on now (DENY, THROTTLE, ...). */
  commitDecision(call: CallIdentity, decision: DecisionRecord): Promise<void>;
  /** Records a REQUIRE_HITL decision and the approval request that it leads to. */
  commitApprovalRequest(call: CallIdentity, decision: DecisionRecord, request: ApprovalRequest): Promise<{ approvalId: string }>;
  /**
   * Records the decision that allows and the intent; consumes the approval where one was needed, and reserves `intent.estimate` in the
   * budgets of the run and the workspace where they have any. Nothing may leave before this has committed.
   * @throws ApprovalNotUsableError, EffectExistsError, InstanceBusyError, BudgetExceededError (recorded, with the decision), PriceUnknownError; then nothing is intended
   */
  commitIntent(call: CallIdentity, decision: DecisionRecord, intent: Intent): Promise<{ callId: string }>;
  /**
   * Records what became of a call and settles its budgets: what was reserved is given back and what it cost is spent; while it is
   * `uncertain` the reservation stands. `key`: the call is of another step, found under this key, and was uncertain.
   */
  commitOutcome(call: CallIdentity, callId: string, outcome: Outcome, key?: EffectKey | null): Promise<void>;
  /** Asks, by the store's own clock, whether the step is still leased under this fence. @throws StaleLeaseError it is not */
  proveHeld(call: CallIdentity): Promise<void>;
  /** Records that this call was given the stored outcome of another step's, which used the same key before; nothing is sent. */
  commitReplay(call: CallIdentity, effect: Pick<ExistingEffect, 'callId' | 'runId' | 'actionDigest'>, key: EffectKey): Promise<void>;
}

/** Thrown by a store when another worker holds the step now: whoever sees it must stop and change nothing. */
export class StaleLeaseError extends Error {
  constructor(stepId: string, fence: string) {
    super(`The lease on ${stepId} is no longer held under fence ${fence}.`);
    this.name = 'StaleLeaseError';
  }
}

/** Prices of a tenant: its own before those of the shipped table. */
export interface Prices {
  rowsFor(tenantId: string): Promise<PriceLists>;
}

export interface InstanceView {
  readonly id: string;
  readonly name: string;
  readonly connector: string;
  readonly connectorVersion: string;
  readonly manifestDigest: string;
  /** The code that was approved with it; null or absent where only the manifest was published. */
  readonly packageDigest?: string | null;
  readonly baseUrl: string | null;
  /** `[scheme://]host:port[/path/prefix]` each: what egress may reach, private addresses only when named here. */
  readonly allowedHosts: readonly string[];
  readonly settings: JsonObject;
  readonly credentialId: string | null;
  readonly connection: ConnectionSettings;
  /** Whose agents alone reach it; null or absent: it is reached from here. */
  readonly pool?: PoolView | null;
}

/** Agents of one environment that do the same work. */
export interface PoolView {
  readonly id: string;
  readonly name: string;
  /** For how long after its intent an order of it may begin. */
  readonly orderValidMs: number;
}

/** How connections to an instance are made. Every field null: the system's trust store, no client certificate, no proxy. */
export interface ConnectionSettings {
  /** PEM certificates that are trusted instead of the system's. */
  readonly caPem: string | null;
  /** A credential of kind `client_certificate`, presented in the TLS handshake. */
  readonly clientCertificateId: string | null;
  /** `http://host:port` of a proxy that connections are tunnelled through (CONNECT). Never taken from the environment. */
  readonly proxyUrl: string | null;
  /** A credential of kind `basic` for that proxy. */
  readonly proxyCredentialId: string | null;
  /** The proxy is asked for names, where only it can resolve them; else for addresses that were checked here. */
  readonly proxyResolvesNames: boolean;
}

export const DIRECT_CONNECTION: ConnectionSettings = { caPem: null, clientCertificateId: null, proxyUrl: null, proxyCredentialId: null, proxyResolvesNames: false };

export interface Instances {
  /** The enabled instance of `connector` in this environment, by name when the workflow names one; of those in `pool` alone where one is given. */
  find(call: CallIdentity, connector: string, name: string | null, pool?: string): Promise<InstanceView | null>;
  /** The same by its id, for looking up what was sent to it. */
  byId(call: CallIdentity, connector: string, id: string): Promise<InstanceView | null>;
}

/** Connectors that a tenant declares by a manifest alone (`connectors/declared`). */
export interface DeclaredConnectors {
  /** The connector that `instance` is pinned to; null where its version has code or is not published. */
  of(tenantId: string, instance: InstanceView): Promise<Connector | null>;
}

export type CredentialValue =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'oauth_client_credentials'; readonly clientId: string; readonly clientSecret: string; readonly tokenPath: string }
  /** `refreshToken` is the one that was stored: the peer may have given another since (`RefreshedTokens`). */
  | { readonly kind: 'oauth_refresh_token'; readonly id: string; readonly version: number; readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string; readonly tokenPath: string }
  | { readonly kind: 'api_key'; readonly header: string; readonly value: string }
  | { readonly kind: 'bearer'; readonly token: string }
  /** Signs `{iss: issuer, iat, exp}` (RS256) and exchanges it at `tokenPath` for `{token, expires_at}`. */
  | { readonly kind: 'signed_jwt'; readonly issuer: string; readonly privateKeyPem: string; readonly tokenPath: string }
  | { readonly kind: 'client_certificate'; readonly certificatePem: string; readonly privateKeyPem: string };

export interface CredentialVault {
  /** The value, for one call. Callers drop it when the call is over and never log it. @throws SecretsError `secret_unreachable` where it is worth asking again */
  borrow(tenantId: string, credentialId: string): Promise<CredentialValue>;
}

/** What a peer gives for a refresh token. `refreshToken` null: the one that was sent goes on. */
export interface RefreshAnswer {
  readonly accessToken: string;
  readonly expires_in_s: number;
  readonly refreshToken: string | null;
}

/** Access tokens that came for refresh tokens, shared by all who use a credential: most peers take a refresh token that comes twice for a theft. */
export interface RefreshedTokens {
  /**
   * The token in force. `ask` is called by one process at a time, with the newest refresh token; what it gives is kept before anybody uses it.
   *
   * @param fresh the one that was given here before is not taken by the peer
   */
  accessToken(tenantId: string, credential: Extract<CredentialValue, { kind: 'oauth_refresh_token' }>, fresh: boolean, ask: (refreshToken: string) => Promise<RefreshAnswer>): Promise<{ readonly value: string; readonly expires_at: Date }>;
}

export interface ModelStores {
  forCall(call: CallIdentity): ModelStore;
}

/** What people have set that a call falls under, as it is at this moment. What cannot be had ends the call: nothing is decided on a guess. */
export interface Situation {
  of(call: CallIdentity): Promise<CallSituation>;
}

export interface CallSituation {
  /** IANA time zone of the tenant. */
  readonly time_zone: string;
  /** The active ones that concern this call. */
  readonly kill_switches: readonly ActiveKillSwitch[];
  /** Of the workflow version that the run is pinned to. */
  readonly autonomy: Autonomy;
}

/** What policy may count by. Looked up only where a rule of the bundle reads it. */
export interface Facts {
  of(call: CallIdentity, about: FactsAbout): FactSource;
}

export interface FactsAbout {
  /** `<connector>/<action>`. */
  readonly action: string;
  readonly instanceId: string;
  readonly at: Date;
}

export interface DecisionRecord {
  readonly id: string;
  readonly action: string;
  readonly instanceId: string | null;
  readonly actionDigest: string;
  readonly outcome: 'ALLOW' | 'DENY' | 'REQUIRE_HITL' | 'REQUIRE_STEP_UP' | 'THROTTLE' | 'ROUTE';
  readonly reasons: ReadonlyArray<{ readonly rule: string; readonly message: string }>;
  readonly obligations: Obligations;
  readonly bundle: DecidingBundle | null;
  /** The entrypoint that was asked. */
  readonly path: string;
  /** What policy read, as canonical JSON: `inputDigest` is of these bytes. Content: sealed or not kept. The text `null` where the input had no canonical form. */
  readonly inputText: string;
  readonly inputDigest: string;
  /** What may be kept of the input for good; null where masking failed. */
  readonly maskedInput: JsonObject | null;
  /** What is not in it, as OPA says it: `/input/parameters/short_description`. */
  readonly erased: readonly string[];
  readonly evaluatedUs: number;
  /** What did not bind, next to what did. */
  readonly shadows: readonly ShadowDecision[];
  readonly approvalId: string | null;
  /** What an earlier decision on this call had policy take out of its parameters, by pointer. Null: nothing. */
  readonly adjusted: Adjusted | null;
  /** The decision that sent the call here. */
  readonly routedFrom: string | null;
}

/** RFC 6901 pointers into the parameters. Never values. */
export interface Adjusted {
  readonly capped: readonly string[];
  readonly redacted: readonly string[];
}

export interface ApprovalRequest {
  readonly action: CanonicalAction;
  readonly actionDigest: string;
  /** Free texts that the action binds by digest: sealed with the preview, `{preview, target, content}`. */
  readonly content: ContentTexts;
  readonly preview: Prepared['preview'];
  readonly target: Prepared['target'];
  readonly tier: string;
  readonly requiredRole: string;
  readonly requiredVotes: number;
  /** How each voter must have signed in; null where policy does not ask for a step up. */
  readonly signIn: SignInAsked | null;
  readonly expiresAt: Date;
}

export interface SignInAsked {
  /** The weakest that does, by `contracts/policy/sign-in-strength.ts`. */
  readonly minStrength: string;
  /** How old it may be at the vote. */
  readonly maxAgeMs: number;
}

export interface ApprovalInHand {
  readonly id: string;
  readonly state: 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'consumed';
  /**
   * Only for `consumed`: every call that used it has `failed`, so it is known to have had no effect yet, and its deadline is not over.
   * One approval is for one effect, not for one attempt: such an approval still covers the same digest, and `commitIntent` takes it
   * as `consumeApprovalId` again. A store that never sets this makes people approve again after every passing fault.
   */
  readonly reusable?: boolean;
  readonly actionDigest: string;
  /** The canonical action's bytes as they were stored; whoever uses them checks them against `actionDigest`. */
  readonly actionText: string;
  readonly content: ContentTexts;
  readonly preview: Prepared['preview'];
  readonly target: Prepared['target'];
  readonly tier: string;
  readonly requestedBy: string;
  readonly votes: ReadonlyArray<{
    readonly principalId: string; readonly role: string; readonly decision: 'approve' | 'reject'; readonly authStrength: string;
    /** How old the voter's sign-in was at the vote; null where that is not known. */
    readonly signInAgeMs: number | null;
  }>;
}

export interface Intent {
  readonly action: CanonicalAction;
  readonly actionText: string;
  /** Free texts that the action binds by digest; sealed with the action as `{action_text, content}`. */
  readonly content: ContentTexts;
  readonly actionDigest: string;
  readonly risk: Risk;
  readonly connectorVersion: string;
  readonly instanceId: string | null;
  readonly idempotencyKey: string;
  /** Of what was asked for, with a key that the workflow names; null otherwise. */
  readonly parametersDigest: string | null;
  readonly estimate: Estimate;
  /** So many steps may have a call to the instance under way, over all workers; null: no limit. */
  readonly concurrency: number | null;
  /** Consumed in the same transaction; the store refuses (`ApprovalNotUsableError`) when it is neither `approved` for this digest any more nor `reusable`. */
  readonly consumeApprovalId: string | null;
}

export class ApprovalNotUsableError extends Error {
  constructor(approvalId: string) {
    super(`The approval ${approvalId} cannot be used for this action any more.`);
    this.name = 'ApprovalNotUsableError';
  }
}

/** Another call holds the idempotency key: it is under way, of unknown outcome, or done. */
export class EffectExistsError extends Error {
  constructor(idempotencyKey: string) {
    super(`one_effect_per_idempotency_key: another call holds ${idempotencyKey}.`);
    this.name = 'EffectExistsError';
  }
}

/**
 * The key that a workflow gives an effect (`idempotency_key` of a step). Its scope is (tenant, environment, action): whichever step of
 * whichever run comes second is given the outcome of the first.
 */
export interface EffectKey {
  readonly action: string;
  readonly text: string;
  /** SHA-256 of what was asked for: action, instance and parameters as the workflow gives them, before `prepare`. */
  readonly parametersDigest: string;
}

export interface ExistingEffect {
  readonly callId: string;
  /** The run that made it. */
  readonly runId: string;
  /** Whether it is of this very step and call, and not of another one under the same key. */
  readonly ofThisCall: boolean;
  readonly parametersDigest: string | null;
  readonly state: 'intended' | 'uncertain' | 'succeeded';
  /** How long ago its intent was committed, in ms, by the store's own clock. */
  readonly intendedMsAgo: number;
  readonly actionText: string;
  readonly content: ContentTexts;
  readonly actionDigest: string;
  readonly risk: Risk;
  readonly output: JsonObject | null;
  readonly receipt: Receipt | null;
  readonly target: Prepared['target'] | null;
}

export type Outcome = {
  readonly durationMs: number;
  readonly requestDigest: string | null;
  readonly responseDigest: string | null;
  /** Of a call to a hosted model that answered. */
  readonly model?: ModelAnswer;
} & (
  | {
    readonly state: 'succeeded'; readonly output: JsonObject; readonly receipt: Receipt | null; readonly costs: readonly PricedUsage[]; readonly hidden?: HiddenCharacters;
    /** Of everything that the action read by calls of its own. */
    readonly nestedLabels?: readonly Label[];
  }
  | { readonly state: 'failed' | 'uncertain'; readonly error: CallError; readonly costs?: readonly PricedUsage[] }
);

export interface CallError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

/** One call as the engine asks for it. */
export interface CallRequest {
  readonly identity: CallIdentity;
  /** `<connector>/<action>`; for `model/generate` the engine resolves the model's `use` and passes `<connector>/generate`. */
  readonly action: string;
  readonly instanceName: string | null;
  readonly parameters: JsonObject;
  /** The key that the workflow gives this effect, in place of the derived one; for writes only. */
  readonly idempotencyKey?: string | null;
  /** RFC 6901 pointer of a parameter -> where its value came from. */
  readonly labels: Readonly<Record<string, readonly Label[]>>;
  readonly model: { readonly use: string; readonly pinned: boolean } | null;
  /** The call that makes this one in its turn; set by the gateway alone. */
  readonly within?: CallWithin;
  /** The pool of agents that the step names as its place. */
  readonly pool?: string;
  /** Exactly this action, which was prepared and decided elsewhere: it is not prepared again, and what policy wants otherwise is denied. */
  readonly fixed?: FixedAction;
  /** Where policy sent the call here (`routed`). It is sent on once. */
  readonly routedFrom?: RoutedFrom;
  /**
   * Only finds out what became of an effect that was sent earlier, and sends nothing. Where nothing happened, the call ends `failed` with
   * this code: its run is being cancelled, its attempts are used up, or its deadline is over.
   */
  readonly onlyFindOut?: 'run_cancelled' | 'attempts_exhausted' | 'deadline_exceeded';
  readonly signal: AbortSignal;
}

export interface FixedAction {
  readonly actionText: string;
  readonly actionDigest: string;
  /** Free texts that the action binds by digest, by pointer. */
  readonly content: ContentTexts;
  readonly target: Prepared['target'] | null;
}

export interface RoutedFrom {
  /** What it was meant for: `<connector>/<model>` or `instance:<name>`. */
  readonly target: string;
  readonly decisionId: string;
  /** What that decision caps and redacts holds wherever the call goes. */
  readonly obligations: Pick<Obligations, 'caps' | 'redactions'>;
}

/** What became of it. Only `succeeded` has an output; `uncertain` is never turned into one of the others by guess. */
export type CallResult =
  | { readonly kind: 'succeeded'; readonly callId: string; readonly output: JsonObject; readonly outputLabels: readonly Label[]; readonly receipt: Receipt | null }
  | { readonly kind: 'denied'; readonly decisionId: string; readonly reasons: DecisionRecord['reasons'] }
  /** Policy sends a call to a model to another one (`<connector>/<model>`). Nothing was sent; whoever asked asks that one with `from`, and policy decides again. */
  | { readonly kind: 'routed'; readonly target: string; readonly from: RoutedFrom }
  | { readonly kind: 'waiting_for_approval'; readonly approvalId: string }
  | { readonly kind: 'refused_by_person'; readonly approvalId: string; readonly state: 'rejected' | 'expired' | 'withdrawn' }
  | { readonly kind: 'failed'; readonly error: CallError }
  /** `error.retryable` false: the system of record will never tell, so a person is to be asked about the call. */
  | { readonly kind: 'uncertain'; readonly callId: string; readonly error: CallError };

export interface Gateway {
  /** Runs the pipeline for one call. Never throws for what a peer, a policy or a person did; `StaleLeaseError` passes through. */
  call(request: CallRequest): Promise<CallResult>;
  manifests(): readonly ConnectorManifest[];
}
