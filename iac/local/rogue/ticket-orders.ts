import { hash } from 'node:crypto';
import { CELL_KEY, id, SELF, signed } from '@countersign/agent/orders/testing/orders.ts';
import type { SigningPair } from '@countersign/agent/orders/testing/orders.ts';
import { WORK_ORDER_FORMAT, WORK_ORDER_PAYLOAD } from '@countersign/contracts/agent/work-order.ts';
import type { OrderApproval, SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { EncryptionJwk } from '@countersign/contracts/agent/protocol.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { canonicalAction } from '@countersign/connectors/gateway/canonical-action.ts';
import { withoutContent } from '@countersign/connectors/gateway/content-parameters.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { servicenow } from '@countersign/connectors/servicenow/connector.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { sealTo } from '@countersign/platform/sealing/jwe.ts';

export const INSTANCE = 'servicenow';
export const POLICY_SEQ = 4;
const INTEGRATION_USER = 'countersign.integration';
const ACTION = 'incident.add-work-note';
const CONTENT = ['/work_note'];

/** An incident as it was when the order was prepared. */
export interface Ticket {
  readonly sys_id: string;
  readonly number: string;
  readonly version: string;
}

/** What goes into an order before it is sealed and signed. */
export interface OrderParts {
  readonly order: WorkOrder;
  readonly sealed: SealedParameters;
}

export interface Forgery {
  /** Before it is sealed and signed: all digests are of what comes of it. */
  readonly parts?: (parts: OrderParts) => OrderParts;
  /** After the digests were taken, before it is signed. */
  readonly afterwards?: (order: WorkOrder) => WorkOrder;
  readonly signer?: SigningPair;
}

/** An order to add a work note to `ticket`, approved by two people, as an honest cell writes it. */
export function orderParts(ticket: Ticket, now: Date, work_note = 'Checked by the service desk.'): OrderParts {
  const { manifest, manifestDigest, packageDigest = null } = servicenow;
  const at = (seconds: number): string => new Date(now.getTime() + seconds * 1_000).toISOString();
  const reference = hash('sha256', ticket.sys_id, 'hex').slice(0, 16);
  const parameters: JsonObject = { sys_id: ticket.sys_id, work_note: `${work_note}\n\n[ref: ${reference}]`, reference };
  const target = { id: ticket.sys_id, label: ticket.number, version: ticket.version };
  const identity: WorkOrder['identity'] = {
    tenant: { id: SELF.tenant_id, slug: 'acme' }, workspace: { id: SELF.workspace_id, slug: 'it' }, environment: { id: SELF.environment_id, name: 'prod' },
    run: { id: newId('run'), workflow: 'incident-triage', workflow_version: 1, workflow_digest: `sha256:${'0'.repeat(64)}` }, step: { id: newId('step'), key: 'note', attempt: 1, fence: '7' }, call_key: 'main',
  };
  const instance: WorkOrder['instance'] = {
    id: id('ins', 'j'), name: INSTANCE, connector: 'servicenow', connector_version: manifest.version, manifest_digest: manifestDigest, package_digest: packageDigest, settings: { integration_user: INTEGRATION_USER },
  };
  const { run, ...rest } = identity;
  const action = canonicalAction(
    { ...rest, callKey: identity.call_key, run: { id: run.id, workflow: run.workflow, workflowVersion: run.workflow_version, workflowDigest: run.workflow_digest } },
    { connector: 'servicenow', connector_version: manifest.version, manifest_digest: manifestDigest, action: ACTION, instance_id: instance.id, target, parameters }, CONTENT,
  );
  return {
    order: {
      format: WORK_ORDER_FORMAT, id: newId('work_order'), kind: 'execute', audience: { agent_id: SELF.agent_id, pool: SELF.pool }, issued_at: at(0), begin_before: at(60), identity, call_id: newId('tool_call'),
      idempotency_key: reference, instance, action: `servicenow/${ACTION}`, risk: 'write', action_digest: action.digest, sealed: '', sealed_sha256: '', parameters_sha256: '',
      policy: { scope: SELF.environment_id, seq: POLICY_SEQ, digest: 'b', revision: 'r4', decision_id: newId('decision') }, situation: { time_zone: 'UTC', kill_switches: [], autonomy: 'supervised' },
      follows_approval: null, routed_from: null, within: null, facts: {}, approval: approvalOf(action.digest, at), watch: null,
    },
    sealed: { parameters, labels: {}, action_text: action.text, content: withoutContent(parameters, CONTENT).content, target },
  };
}

/** Encrypted to the agent and signed: by the key of the cell, unless `signer` is another. */
export async function envelopeFor({ order, sealed }: OrderParts, recipient: EncryptionJwk, { parts = same, afterwards = same, signer = CELL_KEY }: Forgery = {}): Promise<DsseEnvelope> {
  const forged = parts({ order, sealed });
  const clear = canonicalBytes(forged.sealed);
  const jwe = await sealTo({ ...recipient }, { from: forged.order.identity.tenant.id, to: SELF.agent_id }, clear);
  return signed(WORK_ORDER_PAYLOAD, afterwards({ ...forged.order, sealed: jwe, sealed_sha256: hash('sha256', jwe, 'hex'), parameters_sha256: hash('sha256', clear, 'hex') }), signer);
}

function approvalOf(action_digest: string, at: (seconds: number) => string): OrderApproval {
  return {
    id: newId('approval'), action_digest, tier: 'standard', requested_by: id('prn', '1'), expires_at: at(3_600), required_votes: 2, required_role: 'approver',
    votes: ['2', '3'].map((voter) => ({ id: newId('vote'), principal_id: id('prn', voter), role: 'approver', decision: 'approve', auth_strength: 'passkey', sign_in_age_ms: 60_000, voted_at: at(-60) })),
  };
}

function same<T>(value: T): T {
  return value;
}

/** What an envelope says that it carries, whoever signed it. */
export function orderIn({ payload }: DsseEnvelope): WorkOrder {
  return JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as WorkOrder;
}
