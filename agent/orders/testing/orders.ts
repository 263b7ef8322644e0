import { generateKeyPairSync, hash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { KEY_SET_FORMAT, KEY_SET_PAYLOAD } from '@countersign/contracts/agent/key-set.ts';
import type { AgentKeySet } from '@countersign/contracts/agent/key-set.ts';
import { WORK_ORDER_FORMAT, WORK_ORDER_PAYLOAD } from '@countersign/contracts/agent/work-order.ts';
import type { SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { envelopeOf, preAuthEncoding } from '@countersign/contracts/evidence/dsse.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { canonicalAction } from '@countersign/connectors/gateway/canonical-action.ts';
import { withoutContent } from '@countersign/connectors/gateway/content-parameters.ts';
import type { Connector, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { sealTo, unsealingKey } from '@countersign/platform/sealing/jwe.ts';
import type { UnsealingKey } from '@countersign/platform/sealing/jwe.ts';
import { HeldKeys } from '../held-keys.ts';
import type { AgentSelf, OrderVerifier } from '../verify-order.ts';

/** A cell that makes orders as a real one does, and an agent that it makes them for. */
export const SELF: AgentSelf = { agent_id: id('agt', 'a'), tenant_id: id('ten', 't'), workspace_id: id('wsp', 'w'), environment_id: id('env', 'e'), pool: 'onprem' };
export const NOW = new Date('2026-11-21T10:00:30.000Z');

export function id(prefix: string, letter: string): string {
  return `${prefix}_0${letter.repeat(25)}`;
}

export interface SigningPair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, string>;
}

export function signingPair(kid: string): SigningPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { kid, privateKey, jwk: publicKey.export({ format: 'jwk' }) as Record<string, string> };
}

export const CELL_KEY = signingPair('wo-1');
const RECIPIENT = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RECIPIENT_JWK = RECIPIENT.publicKey.export({ format: 'jwk' }) as Record<string, string>;

/** One action that changes something, with one free text. */
export const NOTES = {
  manifest: {
    name: 'notes', version: '1.0.0', title: 'Notes', description: '', credentials: ['none'],
    actions: { write: { title: 'Write', risk: 'write', reversible: true, idempotent: false, reconcile: true, parameters: {}, output: {}, output_labels: [], sensitive_parameters: [], content_parameters: ['/note'], redact: [], timeout_ms: 5_000 } },
  },
  manifestDigest: `sha256:${'d'.repeat(64)}`, actions: {},
} as unknown as Connector;

const PARAMETERS: JsonObject = { sys_id: 'abc', note: 'zebra text' };
const TARGET = { id: 't1', label: 'INC1', version: '3' };

/** An order that is in order, with what a test changes before it is sealed and signed. */
export interface Changes {
  readonly order?: (order: WorkOrder) => WorkOrder;
  readonly sealed?: (sealed: SealedParameters) => SealedParameters;
  /** After the digests were taken: what somebody on the way would change. */
  readonly afterwards?: (order: WorkOrder) => WorkOrder;
  readonly signer?: SigningPair;
  readonly recipient?: Record<string, string>;
}

export async function orderFor({ order: change = same, sealed: changeSealed = same, ...rest }: Changes = {}): Promise<DsseEnvelope> {
  const { order, sealed } = wholeOrder();
  return signedOrder(change(order), changeSealed(sealed), rest);
}

/** `order` over `sealed`, encrypted and signed as a cell does it. */
export async function signedOrder(order: WorkOrder, sealed: SealedParameters, { afterwards = same, signer = CELL_KEY, recipient = RECIPIENT_JWK }: Omit<Changes, 'order' | 'sealed'> = {}): Promise<DsseEnvelope> {
  const clear = canonicalBytes(sealed);
  const jwe = await sealTo(recipient, { from: order.identity.tenant.id, to: order.audience.agent_id }, clear);
  return signed(WORK_ORDER_PAYLOAD, afterwards({ ...order, sealed: jwe, sealed_sha256: hash('sha256', jwe, 'hex'), parameters_sha256: hash('sha256', clear, 'hex') }), signer);
}

function same<T>(value: T): T {
  return value;
}

export function wholeOrder(): { readonly order: WorkOrder; readonly sealed: SealedParameters } {
  const identity: WorkOrder['identity'] = {
    tenant: { id: SELF.tenant_id, slug: 'acme' }, workspace: { id: SELF.workspace_id, slug: 'it' }, environment: { id: SELF.environment_id, name: 'prod' },
    run: { id: id('run', 'r'), workflow: 'triage', workflow_version: 1, workflow_digest: `sha256:${'0'.repeat(64)}` },
    step: { id: id('stp', 's'), key: 'update', attempt: 1, fence: '7' }, call_key: 'main',
  };
  const action = canonicalAction(
    { tenant: identity.tenant, workspace: identity.workspace, environment: identity.environment, run: { id: identity.run.id, workflow: 'triage', workflowVersion: 1, workflowDigest: identity.run.workflow_digest }, step: identity.step, callKey: 'main' },
    { connector: 'notes', connector_version: '1.0.0', manifest_digest: NOTES.manifestDigest, action: 'write', instance_id: id('ins', 'j'), target: TARGET, parameters: PARAMETERS }, ['/note'],
  );
  const order: WorkOrder = {
    format: WORK_ORDER_FORMAT, id: id('ord', 'q'), kind: 'execute', audience: { agent_id: SELF.agent_id, pool: SELF.pool },
    issued_at: '2026-11-21T10:00:00.000Z', begin_before: '2026-11-21T10:01:00.000Z', identity, call_id: id('call', 'c'), idempotency_key: 'k1',
    instance: { id: id('ins', 'j'), name: 'notes-1', connector: 'notes', connector_version: '1.0.0', manifest_digest: NOTES.manifestDigest, package_digest: null, settings: {} },
    action: 'notes/write', risk: 'write', action_digest: action.digest, sealed: '', sealed_sha256: '', parameters_sha256: '',
    policy: { scope: SELF.environment_id, seq: 4, digest: 'b', revision: 'r4', decision_id: id('dec', 'd') },
    situation: { time_zone: 'UTC', kill_switches: [], autonomy: 'supervised' }, follows_approval: null, routed_from: null, within: null, facts: {},
    approval: {
      id: id('apr', 'p'), action_digest: action.digest, tier: 'standard', requested_by: id('prn', '1'), expires_at: '2026-11-21T11:00:00.000Z', required_votes: 2, required_role: 'approver',
      votes: ['2', '3'].map((voter) => ({ id: id('vot', voter), principal_id: id('prn', voter), role: 'approver', decision: 'approve', auth_strength: 'passkey', sign_in_age_ms: 60_000, voted_at: '2026-11-21T09:59:00.000Z' })),
    },
    watch: null,
  };
  return { order, sealed: { parameters: PARAMETERS, labels: {}, action_text: action.text, content: withoutContent(PARAMETERS, ['/note']).content, target: TARGET } };
}

export function signed(payloadType: string, statement: object, { kid, privateKey }: SigningPair): DsseEnvelope {
  const payload = canonicalBytes(statement, 4 * 1024 * 1024);
  return envelopeOf(payloadType, payload, [{ keyid: kid, signature: sign(null, preAuthEncoding(payloadType, payload), privateKey) }]);
}

export function keySet(seq: number, pairs: readonly SigningPair[], changes: Partial<AgentKeySet> = {}, revoked: readonly string[] = []): AgentKeySet {
  return {
    format: KEY_SET_FORMAT, tenant_id: SELF.tenant_id, seq, issued_at: '2026-11-21T09:00:00.000Z',
    keys: pairs.map(({ kid, jwk }) => ({ kid, purpose: 'work_order', algorithm: 'EdDSA', jwk, revoked: revoked.includes(kid) })), ...changes,
  };
}

export function signedKeySet(set: AgentKeySet, signer: SigningPair): DsseEnvelope {
  return signed(KEY_SET_PAYLOAD, set, signer);
}

/** Of the agent that `signedOrder` encrypts for. */
export function unsealingKeyOfTests(): Promise<UnsealingKey> {
  return unsealingKey(RECIPIENT.privateKey.export({ format: 'jwk' }) as Record<string, string>);
}

export async function verifier(changes: Partial<OrderVerifier> = {}): Promise<OrderVerifier> {
  return {
    self: SELF, keys: HeldKeys.first(signedKeySet(keySet(1, [CELL_KEY]), CELL_KEY), SELF.tenant_id)!,
    encryptionKey: await unsealingKeyOfTests(),
    now: () => NOW, highestFence: async () => 0, isKnown: async () => false,
    connectorOf: (name, connector) => (name === 'notes-1' && connector === 'notes' ? NOTES : undefined), ...changes,
  };
}
