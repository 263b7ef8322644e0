import { hash } from 'node:crypto';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { asApiError } from '@countersign/platform/http/problem.ts';
import { parseJsonBody } from '@countersign/platform/http/strict-body.ts';
import { idPattern } from '@countersign/contracts/ids/prefixes.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import type { Acknowledgement } from './app/http-receiver.ts';
import type { TenantApp } from './app/tenant-app.ts';
import { recordSignature } from './setup/queries.ts';
import { workspaceOf } from './setup/slack-store.ts';
import { verifySlackSignature } from './signature.ts';
import type { SignedRequest } from './signature.ts';

export const MAX_SLACK_BYTES = 256 * 1024;
const TENANT = new RegExp(idPattern('tenant'));

export interface SlackRequest extends SignedRequest {
  readonly tenantId: string;
  readonly contentType: string | undefined;
  readonly retryNum: string | undefined;
  readonly retryReason: string | undefined;
}

export interface SlackRequestsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly refusals: RateLimit;
  readonly appOf: (tenantId: string) => Promise<TenantApp | null>;
}

/** What Slack sends by HTTP: verified over the raw body, taken once, and handed to the tenant's Bolt app. */
export class SlackRequests {
  readonly #parts: SlackRequestsParts;

  constructor(parts: SlackRequestsParts) {
    this.#parts = parts;
  }

  /** @throws ApiError with the reason of the refusal, audited where the tenant has a Slack app */
  async receive(request: SlackRequest): Promise<Acknowledgement> {
    const { tenantId } = request;
    const app = TENANT.test(tenantId) ? await this.#parts.appOf(tenantId) : null;
    // Whether a tenant exists or uses Slack is nobody's business: it looks like a wrong signature.
    if (app === null) throw new ApiError('slack_signature_invalid', 'The signature is not that of this body and timestamp.');
    try {
      verifySlackSignature(request, app.settings.secrets.signing_secret, this.#parts.clock.now());
      await this.#refuseReplay(request);
      return await this.#handOn(app, request);
    } catch (error) {
      await this.#auditRefusal(tenantId, asApiError(error));
      throw error;
    }
  }

  async #refuseReplay({ tenantId, signature }: SlackRequest): Promise<void> {
    // The signature covers the timestamp, and was just verified in its one spelling: it is the request's name.
    const isFirst = await this.#parts.database.forTenant(tenantId, (tx) => tx.change(recordSignature, [tenantId, hash('sha256', signature ?? '', 'hex')]));
    if (isFirst === 0) throw new ApiError('slack_replayed', 'This signed request was received before.');
  }

  async #handOn(app: TenantApp, request: SlackRequest): Promise<Acknowledgement> {
    const body = bodyOf(request);
    if (body['type'] === 'url_verification') return { challenge: typeof body['challenge'] === 'string' ? body['challenge'].slice(0, 200) : '' };
    if (body['ssl_check'] === '1') return undefined;
    const retryNum = Number(request.retryNum);
    const taken = app.receive(body, { ...(Number.isInteger(retryNum) ? { retryNum } : {}), ...(request.retryReason === undefined ? {} : { retryReason: request.retryReason }) });
    if (taken === null) throw new ApiError('slack_not_configured', 'This Slack app is set to Socket Mode, in which Slack sends nothing here.');
    return taken;
  }

  async #auditRefusal(tenantId: string, { code }: ApiError): Promise<void> {
    if (code === 'internal' || code === 'unavailable') return;
    const allowed = this.#parts.refusals.take(`slack-request/${tenantId}/${code}`);
    if (allowed === null) return;
    await this.#parts.database.forTenant(tenantId, async (tx) => appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'slack.request_refused', tenant_id: tenantId, workspace_id: await workspaceOf(tx, tenantId), run_id: null,
      actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'slack_app', id: tenantId }, data: { code, suppressed_count: allowed.suppressed_count },
    }));
  }
}

/** Interactions are a form with one field `payload` of JSON, commands a plain form, events JSON. */
function bodyOf({ body, contentType }: SlackRequest): Record<string, unknown> {
  if (/^application\/json\b/i.test(contentType ?? '')) return objectOf(parseJsonBody(body, MAX_SLACK_BYTES));
  if (!/^application\/x-www-form-urlencoded\b/i.test(contentType ?? '')) throw new ApiError('media_type_unsupported', 'Slack sends application/x-www-form-urlencoded or application/json.');
  const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
  const payload = form.get('payload');
  if (payload !== null) return objectOf(parseJsonBody(Buffer.from(payload), MAX_SLACK_BYTES));
  return Object.fromEntries(form);
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ApiError('json_invalid', 'Slack sends an object.');
  return value as Record<string, unknown>;
}
