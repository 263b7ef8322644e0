import type { PackageFile } from '@countersign/contracts/connectors/package/package.ts';
import type { ActionManifest, ConnectorManifest, LearningManifest } from '@countersign/contracts/connectors/manifest.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A connector: its manifest and, for each action of the manifest, the code. Every connector folder has this one shape. */
export interface Connector {
  readonly manifest: ConnectorManifest;
  /** SHA-256 of the manifest's canonical JSON; instances are pinned to it. */
  readonly manifestDigest: string;
  /** Digest of the manifest and the code as they are installed; absent for connectors made in tests, which are no packages. */
  readonly packageDigest?: string;
  /** What that digest is over; for shipped connectors, which are signed where they are installed. */
  readonly packageFiles?: readonly PackageFile[];
  /** Where it came from: shipped with this version (or absent), or loaded from the folder of connectors. */
  readonly origin?: 'shipped' | 'folder';
  readonly actions: Readonly<Record<string, Action>>;
  /** How the connector finds events by itself, for triggers whose webhook may be lost. */
  readonly reconciler?: Reconciler;
}

export interface Action {
  /**
   * For writes: reads what the write depends on, resolves names to ids and fixes the exact values that will be sent. It has no effect.
   * What it returns is what a person approves and what `execute` gets, byte for byte.
   */
  prepare?(context: ActionContext, parameters: JsonObject): Promise<Prepared>;
  /**
   * For metered actions: the most that this call may use up, known before it is sent. The budget reserves its price and is given back
   * what was not used. It sends nothing.
   */
  estimate?(parameters: JsonObject): readonly Usage[];
  /** Does it. For writes `parameters` are those of `prepare`. Errors: `ConnectorError`. */
  execute(context: ActionContext, parameters: JsonObject, prepared: Prepared | null): Promise<ActionResult>;
  /** Asks the system of record whether an effect of unknown outcome happened. */
  reconcile?(context: ActionContext, parameters: JsonObject, prepared: Prepared | null): Promise<Reconciled>;
}

/** What an action may use. It lives for one call. */
export interface ActionContext {
  readonly manifest: ActionManifest;
  readonly instance: { readonly id: string; readonly name: string; readonly baseUrl: string | null; readonly settings: JsonObject };
  /** The only way out: bound to the instance's allowed hosts, with the credential applied by the gateway. */
  readonly egress: Egress;
  /**
   * Another action, governed like every other (own decision, own record). Reads and model calls only. It goes to this instance, or for
   * another connector to the one named, or where none is named to that connector's only one in the environment.
   */
  call(action: string, parameters: JsonObject, options?: { readonly instance?: string | undefined }): Promise<JsonObject>;
  /** The enabled instance of another connector in this environment: by name, or the only one. Null where there is none. */
  findInstance(connector: string, name: string | null): Promise<FoundInstance | null>;
  readonly models: ModelStore;
  /** What calls to this instance with this credential may remember for each other, for a while. It may be empty at any time. */
  readonly cache: ActionCache;
  /** Names this effect for ever and for every attempt of it, such as `run_01j.../3f9ac2d41b07`: the run and the head of the action's digest. */
  readonly reference: string;
  /**
   * For `prepare`, where the peer keeps the reference as part of what is sent: the digest cannot hold its own text, so this names the
   * effect by the run, the step and `content`, everything of the write but the reference. The same content gives the same reference in
   * every attempt; what `prepare` puts into its parameters is then part of what is approved.
   */
  referenceFor(content: Json): string;
  /** Aborts when the action's time-out is over or the worker stops. */
  readonly signal: AbortSignal;
  now(): Date;
}

/** Small, in the process, and of one tenant's instance only: for lists that change rarely. Never for what decides over a write alone. */
export interface ActionCache {
  get(key: string): JsonObject | null;
  put(key: string, value: JsonObject, keptMs: number): void;
  /** Forgets everything of this instance. */
  clear(): void;
}

export interface FoundInstance {
  readonly id: string;
  readonly name: string;
  /** What its connector says can be learnt from it. */
  readonly learning: LearningManifest | null;
}

/** One HTTP request to the instance. `path` starts with `/` and is appended to the instance's base URL. */
export interface EgressRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly body?: Uint8Array;
}

export interface EgressResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The body as JSON. @throws ConnectorError `response_not_json` when it is something else (an HTML error page) */
  json(): Json;
}

export interface Egress {
  request(request: EgressRequest): Promise<EgressResponse>;
}

/** Local models of a workspace. */
export interface ModelStore {
  latest(instanceId: string): Promise<{ readonly id: string; readonly version: number; readonly digest: string; readonly bytes: Uint8Array } | null>;
  save(instanceId: string, model: { readonly bytes: Uint8Array; readonly labelled_count: number; readonly metrics: JsonObject }): Promise<{ readonly id: string; readonly version: number; readonly digest: string }>;
}

/** The exact write that will be sent, and how a person sees it. */
export interface Prepared {
  /** Resolved parameters: part of the canonical action. */
  readonly parameters: JsonObject;
  /** What it lands on and the version it was prepared against: part of the canonical action. */
  readonly target: { readonly id: string; readonly label: string; readonly version: string };
  /** For people; not part of the canonical action, but sealed with it. */
  readonly preview: {
    readonly title: string;
    readonly fields: ReadonlyArray<{ readonly name: string; readonly label: string; readonly before: string; readonly after: string }>;
    /** Text that will be added rather than replaced, such as a work note. */
    readonly additions: ReadonlyArray<{ readonly label: string; readonly text: string }>;
  };
}

export interface ActionResult {
  readonly output: JsonObject;
  /** For writes: the record's version before and after. */
  readonly receipt?: Receipt;
  readonly usage?: readonly Usage[];
  /** For calls to a hosted model: what answered. */
  readonly model?: ModelAnswer;
}

/**
 * Which model answered and what it counted: facts about an answer, and nothing of its content or of the question's. It is kept with the
 * call, so every field is a number, a fixed word or an id that the provider gave.
 */
export interface ModelAnswer {
  /** The id that went over the wire. */
  readonly requested: string;
  /** The id that the provider says has answered; null where it says none. */
  readonly observed: string | null;
  /** Whether `observed` is another model than the one asked for (a dated snapshot of it is not); null where nothing can be compared. */
  readonly model_changed: boolean | null;
  readonly response_id: string | null;
  readonly request_id: string | null;
  /** In the provider's words: `completed`, `stop`, `end_turn`. */
  readonly finish_reasons: readonly string[];
  readonly usage: TokenCounts;
  /** How often something of a kind was replaced before the question was sent; only kinds that were there. */
  readonly minimised: Readonly<Record<string, number>>;
}

/** Tokens, whatever a provider calls them. `input_tokens` includes cached ones and those written to a cache, `output_tokens` those of reasoning. */
export interface TokenCounts {
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
}

export interface Receipt {
  readonly target_id: string;
  readonly version_before: string | null;
  readonly version_after: string | null;
  /** Versions of the record that this write made, as trigger dedupe keys: their events are our echo. */
  readonly written_versions: readonly string[];
  readonly fields_written: readonly string[];
  readonly verified_by_reading_back: boolean;
  /** Nobody but a person could tell: who said that it happened, in answer to which question. Connectors never set it. */
  readonly said_by?: { readonly principal_id: string; readonly approval_id: string };
}

/** What a call used up, in the unit that the price table knows for `meter`. */
export interface Usage {
  readonly meter: string;
  /** `<connector>/<model>`, where the price depends on the model. */
  readonly model?: string;
  readonly quantity: number;
  readonly unit: string;
}

export type Reconciled =
  | { readonly happened: true; readonly result: ActionResult }
  | { readonly happened: false }
  | { readonly happened: 'unknown'; readonly why: string };

export interface Reconciler {
  /** Triggers of the manifest. Each payload that is found is an event of those whose operation it shows. */
  readonly events: readonly string[];
  /** Finds versions of records changed since `cursor` (null: start from now). Reads through governed calls only. */
  poll(context: ReconcilerContext, cursor: string | null): Promise<{
    readonly cursor: string;
    readonly found: ReadonlyArray<JsonObject>;
  }>;
}

export type ReconcilerContext = Pick<ActionContext, 'call' | 'now'> & { readonly instance: Pick<ActionContext['instance'], 'id' | 'name' | 'settings'> };
