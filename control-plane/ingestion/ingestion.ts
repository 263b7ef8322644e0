import { hash } from 'node:crypto';
import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { asApiError } from '@countersign/platform/http/problem.ts';
import { parseJsonBody } from '@countersign/platform/http/strict-body.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Secrets } from '@countersign/platform/secrets/secrets.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { ErrorCode } from '@countersign/contracts/errors/catalogue.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { readTraceparent, traceparentOf } from '@countersign/platform/telemetry/traceparent.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { TenantStates } from '../access/ports.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import type { SchemaChecks } from '../connectors/schema-checks.ts';
import type { Notifier } from '../live/notifier.ts';
import type { IntakeQuota } from '../tenancy/intake-quota.ts';
import { InstanceCache } from './instance-cache.ts';
import type { WebhookInstance } from './instance-cache.ts';
import { findDelivery, findWebhook, recordWebhook } from './queries.ts';
import type { RecordedRow } from './queries.ts';
import { readHeaders, verifyWebhook } from './scheme.ts';
import type { WebhookHeaders } from './scheme.ts';
import { verifySharedSecret } from './signature.ts';
import { verifyWithSecrets } from './webhook-secrets.ts';
import { readEvent } from './trigger.ts';
import type { ReadEvent } from './trigger.ts';

/** Where the connector's manifest does not say more. */
const MAX_WEBHOOK_BYTES = 64 * 1024;

export interface WebhookRequest {
  readonly connector: string;
  readonly instance: string;
  readonly requestId: string;
  readonly body: Buffer;
  /** The value of a header by its name in lower case. Which of them matter, the connector's manifest says. */
  readonly header: (name: string) => string | undefined;
}

export type WebhookAnswer =
  | { readonly status: 202; readonly body: components['schemas']['DeliveryAccepted'] }
  | { readonly status: 200; readonly body: components['schemas']['PingAnswered'] };

export interface IngestionParts {
  readonly database: Database;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly checks: SchemaChecks;
  readonly refusals: RateLimit;
  readonly notifier: Notifier;
  readonly tenantStates: TenantStates;
  readonly intake: Pick<IntakeQuota, 'refuseOver'>;
  readonly telemetry: Pick<Telemetry, 'tracing' | 'requests'>;
}

interface Recorded {
  readonly deliveryId: string;
  readonly duplicate: boolean;
  readonly droppedBecause: string | null;
}

/** Events from outside: verified, read, deduplicated and durable before they are answered. */
export class Ingestion {
  readonly #parts: IngestionParts;
  readonly #instances: InstanceCache;

  constructor(parts: IngestionParts) {
    this.#parts = parts;
    this.#instances = new InstanceCache(parts.database, parts.clock);
  }

  /** How large a body this instance takes, in bytes. */
  async maxBytes({ instance: id }: Pick<WebhookRequest, 'instance'>): Promise<number> {
    return maxBytesOf(await this.#instances.find(id));
  }

  /** @throws ApiError with the reason of the refusal, which is audited where the tenant is known */
  async accept(webhook: WebhookRequest): Promise<WebhookAnswer> {
    const { tracing, requests } = this.#parts.telemetry;
    const began_ms = performance.now();
    let answered = 'internal';
    try {
      const answer = await tracing.inSpan(() => ({
        name: `ingest ${webhook.connector}`, kind: 'server', parent: readTraceparent(webhook.header('traceparent')),
        attributes: { 'countersign.connector': webhook.connector, 'countersign.instance.id': webhook.instance, 'countersign.request.id': webhook.requestId },
      }), () => this.#accept(webhook));
      answered = whatBecameOf(answer);
      return answer;
    } catch (error) {
      answered = asApiError(error).code;
      throw error;
    } finally {
      requests.webhook(await this.#connectorOf(webhook), answered, performance.now() - began_ms);
    }
  }

  /** A name that is no connector of ours is nobody's to make a label of. */
  async #connectorOf({ instance, connector }: WebhookRequest): Promise<string> {
    return (await this.#instances.find(instance).catch(() => null))?.connector === connector ? connector : 'unknown';
  }

  async #accept(webhook: WebhookRequest): Promise<WebhookAnswer> {
    // Before all else, and without a word in the audit: what is being moved must not change.
    const known = await this.#instances.find(webhook.instance);
    if (known !== null) await this.#parts.tenantStates.refuseUnlessServed(known.tenantId);
    try {
      const instance = await this.#instanceFor(webhook);
      const headers = readHeaders(instance.manifest.webhook, webhook.header);
      await this.#verify(webhook, headers, instance);
      if (headers.event !== null && instance.manifest.webhook?.ping_events?.includes(headers.event)) return { status: 200, body: { pong: true, request_id: webhook.requestId } };
      const event = this.#read(webhook, headers, instance);
      // What starts no run is no run too many.
      if (whyDropped(instance, event) === null) await this.#parts.intake.refuseOver(instance.tenantId, instance.workspace_id);
      const recorded = await this.#parts.database.forTenant(instance.tenantId, (tx) => this.#record(tx, webhook, headers, instance, event));
      if (!recorded.duplicate && recorded.droppedBecause === null) this.#parts.notifier.deliveries();
      return { status: 202, body: { delivery_id: recorded.deliveryId, duplicate: recorded.duplicate, dropped_because: recorded.droppedBecause, request_id: webhook.requestId } };
    } catch (error) {
      const problem = asApiError(error);
      if (problem.code !== 'internal') await this.recordRefusal(webhook, problem.code);
      throw error;
    }
  }

  #isServed(tenantId: string): Promise<boolean> {
    return this.#parts.tenantStates.refuseUnlessServed(tenantId).then(() => true, () => false);
  }

  /** Audits that a webhook was refused, unless too many were. Nothing is written where the tenant is not known. */
  async recordRefusal(webhook: Pick<WebhookRequest, 'instance'>, code: ErrorCode): Promise<void> {
    const instance = await this.#instances.find(webhook.instance);
    if (instance === null || !await this.#isServed(instance.tenantId)) return;
    const allowed = this.#parts.refusals.take(`delivery/${instance.id}/${code}`);
    if (allowed === null) return;
    await this.#parts.database.forTenant(instance.tenantId, (tx) => appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'delivery.refused', tenant_id: instance.tenantId, workspace_id: instance.workspace_id, run_id: null,
      actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'instance', id: instance.id },
      data: { code, suppressed_count: allowed.suppressed_count },
    }));
  }

  async #instanceFor({ connector, instance: id }: WebhookRequest): Promise<WebhookInstance> {
    const instance = await this.#instances.find(id);
    if (instance === null || instance.connector !== connector) throw new ApiError('instance_unknown', 'No instance of this connector has this id.');
    if (!instance.enabled) throw new ApiError('instance_disabled', 'The instance takes no events while it is disabled.');
    return instance;
  }

  /** A signature where there is one; the shared secret only where the instance allows that and nothing is signed. */
  async #verify(webhook: WebhookRequest, headers: WebhookHeaders, instance: WebhookInstance): Promise<void> {
    const sharedSecret = webhook.header('x-countersign-shared-secret');
    if (!headers.isSigned && sharedSecret !== undefined && instance.shared_secret_credential_id !== null) {
      await verifyWithSecrets(instance, 'shared_secret', this.#parts.secrets, (secret) => verifySharedSecret(sharedSecret, secret));
      return;
    }
    if (instance.webhook_credential_id === null) throw new ApiError('webhook_unsigned', 'The instance has no webhook secret, so nothing it receives can be verified. Give it one.');
    await verifyWithSecrets(instance, 'webhook', this.#parts.secrets, (secret) => verifyWebhook(headers, webhook.body, secret, this.#parts.clock.now()));
  }

  #read(webhook: WebhookRequest, { event }: WebhookHeaders, instance: WebhookInstance): ReadEvent {
    if (!/^application\/json\b/i.test(webhook.header('content-type') ?? '')) throw new ApiError('media_type_unsupported', 'Send Content-Type: application/json.');
    const payload = parseJsonBody(webhook.body, maxBytesOf(instance));
    return readEvent(instance.manifest, instance.manifest_digest, payload, this.#parts.checks, event);
  }

  /** Where the run goes on: within our span where we record one, else within the sender's, where it told of one. */
  #traceOf({ header }: WebhookRequest): string | null {
    const context = this.#parts.telemetry.tracing.current() ?? readTraceparent(header('traceparent'));
    return context === null ? null : traceparentOf(context);
  }

  async #record(tx: Transaction, webhook: WebhookRequest, headers: WebhookHeaders, instance: WebhookInstance, event: ReadEvent): Promise<Recorded> {
    const { tenantId } = instance;
    const bodySha256 = hash('sha256', webhook.body, 'hex');
    const webhookId = headers.isSigned ? headers.id : null;
    // An id that nothing signs could be another one in each replay; the body cannot.
    const dedupeKey = event.dedupeKey ?? `webhook:${(headers.idIsSigned ? headers.id : null) ?? bodySha256}`;
    const id = newId('delivery');
    const auditId = newId('audit_event');
    const events = this.#auditTexts(auditId, id, instance, event, bodySha256);
    const recorded = await tx.one<RecordedRow>(recordWebhook, [
      tenantId, id, instance.workspace_id, instance.environment_id, instance.id, instance.connector, event.event ?? 'unmatched', event.subject,
      event.subjectLabel, dedupeKey, JSON.stringify(event.payload), this.#traceOf(webhook), whyDropped(instance, event), webhookId, bodySha256,
      chainOf(tenantId, instance.workspace_id), auditId, events.accepted, events.dropped,
    ]);
    if (!recorded.is_new_webhook) await refuseOtherBody(tx, instance, webhookId, bodySha256);
    if (recorded.delivered !== null) return { deliveryId: id, duplicate: false, droppedBecause: recorded.dropped_because };
    const before = await tx.one<{ id: string; dropped_because: string | null }>(findDelivery, [tenantId, instance.id, dedupeKey]);
    return { deliveryId: before.id, duplicate: true, droppedBecause: before.dropped_because };
  }

  /** The audit event for each way that recording may end: the database finds out which, and appends that one. */
  #auditTexts(id: string, deliveryId: string, instance: WebhookInstance, event: ReadEvent, bodySha256: string): { accepted: string; dropped: string } {
    const at = this.#parts.clock.now().toISOString();
    const text = (because: string | null): string => {
      const whole: AuditEvent = {
        id, at, type: because === null ? 'delivery.accepted' : 'delivery.dropped', tenant_id: instance.tenantId, workspace_id: instance.workspace_id, run_id: null,
        actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'delivery', id: deliveryId },
        data: { instance_id: instance.id, event: event.event, body_sha256: bodySha256, ...(because === null ? {} : { because }) },
      };
      return canonicalText(whole);
    };
    return { accepted: text(null), dropped: text(whyDropped(instance, event) ?? OWN_WRITE) };
  }
}

function maxBytesOf(instance: WebhookInstance | null): number {
  return instance?.manifest.webhook?.max_bytes ?? MAX_WEBHOOK_BYTES;
}

/** The same id with the same body is a retry of the sender, which deduplication answers; with another body it is a forgery or a bug. */
async function refuseOtherBody(tx: Transaction, instance: WebhookInstance, webhookId: string | null, bodySha256: string): Promise<void> {
  const before = await tx.one<{ body_sha256: string }>(findWebhook, [instance.tenantId, instance.id, webhookId]);
  if (before.body_sha256 !== bodySha256) throw new ApiError('webhook_replayed', 'This id came before with other bytes.');
}

const OWN_WRITE = 'own_write';

/** What the event itself tells: nothing listens to it, or our own user made it. Whether we made this very version, the database knows. */
function whyDropped({ settings }: WebhookInstance, event: ReadEvent): string | null {
  if (event.event === null) return 'no_trigger';
  const integrationUser = settings['integration_user'];
  return typeof integrationUser === 'string' && event.changedBy === integrationUser ? OWN_WRITE : null;
}

function whatBecameOf(answer: WebhookAnswer): string {
  if (answer.status === 200) return 'ping';
  return answer.body.duplicate ? 'duplicate' : answer.body.dropped_because === null ? 'accepted' : 'dropped';
}
