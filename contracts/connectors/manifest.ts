import type { HttpBinding } from './http-binding.ts';

/** What a connector package says of itself (`manifest.yaml`). Validated against `manifest.schema.json` wherever it is read. */
export interface ConnectorManifest {
  readonly name: string;
  /** Semantic version. A changed manifest needs a new one: instances are pinned to version and digest. */
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly credentials: readonly CredentialKind[];
  /**
   * Hosts that the package's code may reach: `{instance}` is the host of the instance's base URL, everything else a name such as
   * `api.github.com` or `*.openai.azure.com`. Absent: `{instance}` alone.
   */
  readonly hosts?: readonly string[];
  /** What the peer bears from one instance, until its own headers teach something else. Absent: not limited. */
  readonly rate_limits?: { readonly requests_per_minute?: number; readonly concurrency?: number };
  readonly actions: Readonly<Record<string, ActionManifest>>;
  readonly triggers?: Readonly<Record<string, TriggerManifest>>;
  /** How the peer signs what it sends for the triggers. Absent: Standard Webhooks. */
  readonly webhook?: WebhookManifest;
  /** What a model can learn from this connector's instances. Absent: nothing. */
  readonly learning?: LearningManifest;
}

/**
 * `standard-webhooks`: https://www.standardwebhooks.com, with id and timestamp under the signature.
 * `hub-signature-256`: `x-hub-signature-256: sha256=<hex>`, HMAC-SHA256 of the raw body (WebSub 1.0, 8, and the forges that took it
 * over). Neither the id nor a time is signed, so a replay is known by what the body is about.
 */
export const WEBHOOK_SCHEMES = ['standard-webhooks', 'hub-signature-256'] as const;
export type WebhookScheme = (typeof WEBHOOK_SCHEMES)[number];

export interface WebhookManifest {
  readonly scheme: WebhookScheme;
  /** Header that names one delivery. Absent: `webhook-id`. */
  readonly id_header?: string;
  /** Header that says which kind of event the body is; see `source_event` of a trigger. */
  readonly event_header?: string;
  /** Kinds of event that only try the connection: answered with 200, never a delivery. */
  readonly ping_events?: readonly string[];
  /** Largest body, in bytes. Absent: 65,536. */
  readonly max_bytes?: number;
}

/** The built-in classifier learns from any connector that says this. */
export interface LearningManifest {
  /**
   * A read that gives finished tickets page by page, newest first: parameters `{cursor}`, or `{ids}` for those that runs were about; output
   * `{tickets: [{id, number, short_description, description, labels, tags}], cursor}`, null after the last page. A label (`category`,
   * `subcategory`, `assignment_group`, `impact`, `urgency`, as far as there are any) has one value, of tags a ticket has any number.
   */
  readonly tickets: string;
  /** Writes that, once people approved them, confirm the values of the record that their run is about. */
  readonly confirmed_by: readonly string[];
}

/**
 * How an instance proves who it is. `signed_jwt` is a short-lived token that we sign and exchange for an access token (a GitHub App);
 * `client_certificate` is mutual TLS, alone or (as part of an instance's connection) beside another kind.
 */
export const CREDENTIAL_KINDS = ['none', 'basic', 'oauth_client_credentials', 'oauth_refresh_token', 'api_key', 'bearer', 'signed_jwt', 'client_certificate'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** `model` is a call to a model: it changes nothing outside, and costs. */
export type Risk = 'read' | 'write' | 'destructive' | 'model';

/** Where a value came from. Only the first two are trusted to say where an effect lands. */
export const ORIGINS = ['configuration', 'trusted_system', 'ticket_text', 'model_output'] as const;
export type Origin = (typeof ORIGINS)[number];

/** That a model read something on the way to the value: `<model><<origin>`, such as `anthropic/claude-sonnet-5<ticket_text`. */
export type Reading = `${string}<${Origin}`;

/** What is known of how a value came about. Labels follow values through expressions and calls, and policy sees those of every parameter. */
export type Label = Origin | Reading | 'hidden_characters';

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ActionManifest {
  readonly title: string;
  readonly risk: Risk;
  /** Whether an action of ours can undo it. */
  readonly reversible: boolean;
  /** The action of the same connector that takes the effect back. It is a write of its own, with its own decision and approval. */
  readonly undo?: string;
  /** Whether sending it twice has the effect of sending it once. What is not needs `reconcile` to be retried. */
  readonly idempotent: boolean;
  readonly reconcile: boolean;
  readonly parameters: JsonSchema;
  readonly output: JsonSchema;
  /** Origins of the output by itself; what the call was given adds its own (decision record 0013). */
  readonly output_labels: readonly Origin[];
  /** RFC 6901 pointers of parameters that choose where an effect lands. */
  readonly sensitive_parameters: readonly string[];
  /**
   * Of a read: RFC 6901 pointers of parameters that never leave us, such as a name that is looked for in a list read whole. Every other
   * parameter of a read chooses what is read, so policy takes it for sensitive.
   */
  readonly local_parameters?: readonly string[];
  /**
   * RFC 6901 pointers of parameters that are free text. The canonical action holds their digests, the text is sealed apart and
   * shredded with the content (decision record 0010).
   */
  readonly content_parameters: readonly string[];
  /** What kinds of data it reads or writes, in words that policy judges by: `personal`, `health`, `payment`. Absent: none that anybody has named. */
  readonly data_classes?: readonly string[];
  /** RFC 6901 pointers of output fields that never leave the gateway. */
  readonly redact: readonly string[];
  readonly timeout_ms: number;
  /** For an action without code. */
  readonly http?: HttpBinding;
}

export interface TriggerManifest {
  readonly title: string;
  /** The value of the webhook's `event_header` that this trigger is about. Absent: any. */
  readonly source_event?: string;
  readonly payload: JsonSchema;
  /** Pointer to the id of what the event is about, such as `/id` or `/ticket/id`. */
  readonly subject: string;
  /** Pointer to what people call it, such as `/number`. */
  readonly subject_label: string;
  /** Pointers whose values, joined by `:`, name one version of the subject: the same version is one event, however often it arrives. */
  readonly dedupe_key: readonly string[];
  /** What becomes of a subject that comes again in another version: `subject` (or absent) starts one run of a workflow for ever, `version` one for each. */
  readonly run_per?: 'subject' | 'version';
  /** Pointer to what happened and the values of it that are this event. */
  readonly operation: { readonly pointer: string; readonly values: readonly string[] };
  /** Pointer to who made the change; an event by our own integration user is our echo. */
  readonly changed_by: string;
}
