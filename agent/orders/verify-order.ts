import { hash } from 'node:crypto';
import schema from '@countersign/contracts/agent/work-order.schema.json' with { type: 'json' };
import { ORDER_VALID_MS_MAX, WORK_ORDER_PAYLOAD } from '@countersign/contracts/agent/work-order.ts';
import type { SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import type { OpenedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import { packageProblem } from '@countersign/connectors/gateway/pinned-package.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import { unsealFrom } from '@countersign/platform/sealing/jwe.ts';
import type { UnsealingKey } from '@countersign/platform/sealing/jwe.ts';
import { requireSameAction } from './action-matches.ts';
import { requireApproval } from './approval-covers.ts';
import { OrderRefusedError } from './errors.ts';
import type { HeldKeys } from './held-keys.ts';
import { statementReader } from './statement.ts';

/** Who this agent is: what its enrolment said, and nothing that an order says. */
export interface AgentSelf {
  readonly agent_id: string;
  readonly tenant_id: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly pool: string;
}

export interface OrderVerifier {
  readonly self: AgentSelf;
  readonly keys: HeldKeys;
  readonly encryptionKey: UnsealingKey;
  /** The time, as corrected by what the cell says of it. */
  readonly now: () => Date;
  /** The newest fence of a step that an order came with; 0 where none did. */
  readonly highestFence: (stepId: string) => Promise<number>;
  /** Whether the agent has taken an order of this id. */
  readonly isKnown: (orderId: string) => Promise<boolean>;
  /** The connector of a connection that this agent's configuration names. */
  readonly connectorOf: (instanceName: string, connector: string) => Connector | undefined;
}

export interface VerifiedOrder {
  readonly order: WorkOrder;
  readonly sealed: SealedParameters;
  readonly connector: Connector;
  /** Hex, of the payload that the signature is over. */
  readonly payload_sha256: string;
}

/** A clock that the cell has corrected is not further off than this. */
const CLOCK_SLACK_MS = 60_000;

const readOrder = statementReader<WorkOrder>(schema);

/**
 * What an order must be before anything of it is done: ours, whole, new, in time, and about exactly what people and policy let through in the cell.
 * The steps are in the order of `ORDER_REFUSALS`; each trusts only what the ones before it have shown. Whether the agent's own policy agrees is asked
 * by the gateway afterwards, as for every call.
 *
 * @throws OrderRefusedError the first thing that does not hold
 */
export async function verifyOrder(verifier: OrderVerifier, envelope: unknown): Promise<VerifiedOrder> {
  const opened = openedEnvelope(envelope, WORK_ORDER_PAYLOAD);
  if (opened === undefined || opened.signatures.length !== 1) throw new OrderRefusedError('order_malformed', 'The envelope does not hold together.');
  requireSignature(verifier, opened);
  const order = readOrder(opened.payload);
  if (order === undefined) throw new OrderRefusedError('order_malformed', 'The payload is not a work order.');
  requireForMe(verifier.self, order);
  if (await verifier.isKnown(order.id)) throw new OrderRefusedError('order_replayed', `${order.id} was taken before.`);
  try {
    return { ...await verifySigned(verifier, order), payload_sha256: hash('sha256', opened.payload, 'hex') };
  } catch (error) {
    throw error instanceof OrderRefusedError ? error.of(order) : error;
  }
}

/** The cell has signed it for this agent, for the first time. */
async function verifySigned(verifier: OrderVerifier, order: WorkOrder): Promise<Omit<VerifiedOrder, 'payload_sha256'>> {
  requireNamedCall(order);
  requireInTime(verifier.now().getTime(), order);
  await requireNewestFence(verifier, order);
  const sealed = await unsealed(verifier, order);
  requireSameAction(order, sealed);
  requireApproval(order);
  const connector = connectorFor(verifier, order);
  requireSameAction(order, sealed, connector.manifest);
  return { order, sealed, connector };
}

function requireSignature({ keys }: OrderVerifier, { payload, signatures }: OpenedEnvelope): void {
  if (keys.hold('work_order', WORK_ORDER_PAYLOAD, payload, signatures)) return;
  throw new OrderRefusedError('order_signature_invalid', `It names the key ${signatures[0]!.keyid.slice(0, 60)}.`);
}

function requireForMe(self: AgentSelf, { audience, identity: { tenant, workspace, environment } }: WorkOrder): void {
  const named: AgentSelf = { ...audience, tenant_id: tenant.id, workspace_id: workspace.id, environment_id: environment.id };
  const other = (Object.keys(self) as Array<keyof AgentSelf>).find((name) => self[name] !== named[name]);
  if (other !== undefined) throw new OrderRefusedError('order_for_another', `Its ${other} is ${named[other]}, and this agent's is ${self[other]}.`);
}

/** What may change something is found again by its call, whatever becomes of this agent in between. */
function requireNamedCall({ kind, risk, call_id, idempotency_key }: WorkOrder): void {
  const isEffect = kind === 'reconcile' || (kind === 'execute' && risk !== 'read');
  if (isEffect && (call_id === null || idempotency_key === null)) throw new OrderRefusedError('order_malformed', `An order to ${kind} a write names no call.`);
}

function requireInTime(now: number, { kind, issued_at, begin_before }: WorkOrder): void {
  const [issued, until] = [Date.parse(issued_at), Date.parse(begin_before)];
  if (issued > now + CLOCK_SLACK_MS) throw new OrderRefusedError('order_expired', `It was issued at ${issued_at}, which is yet to come.`);
  if (until <= now) throw new OrderRefusedError('order_expired', `It had to begin before ${begin_before}.`);
  if (until - issued > ORDER_VALID_MS_MAX[kind]) throw new OrderRefusedError('order_expired', `It would be valid for ${until - issued} ms, and orders of this kind are for ${ORDER_VALID_MS_MAX[kind]}.`);
}

async function requireNewestFence({ highestFence }: OrderVerifier, { identity: { step } }: WorkOrder): Promise<void> {
  const highest = await highestFence(step.id);
  if (BigInt(step.fence) < BigInt(highest)) throw new OrderRefusedError('order_fence_stale', `Its fence is ${step.fence}, and ${highest} was there before.`);
}

async function unsealed({ encryptionKey }: OrderVerifier, { audience, identity, sealed, sealed_sha256, parameters_sha256 }: WorkOrder): Promise<SealedParameters> {
  if (hash('sha256', sealed, 'hex') !== sealed_sha256) throw new OrderRefusedError('order_parameters_changed', 'The encrypted part is another.');
  const clear = await unsealFrom(encryptionKey, { from: identity.tenant.id, to: audience.agent_id }, sealed);
  if (clear === undefined) throw new OrderRefusedError('order_parameters_changed', 'The encrypted part cannot be opened.');
  if (hash('sha256', clear, 'hex') !== parameters_sha256) throw new OrderRefusedError('order_parameters_changed', 'What was encrypted is another.');
  return sealedParameters(clear);
}

function sealedParameters(clear: Uint8Array): SealedParameters {
  try {
    const value = parseCanonical(clear) as unknown as SealedParameters;
    const isWhole = canonicalText(Object.keys(value).sort()) === canonicalText(['action_text', 'content', 'labels', 'parameters', 'target']);
    if (isWhole && typeof value.parameters === 'object' && value.parameters !== null) return value;
  } catch {
    // Told below, without a word of what it holds.
  }
  throw new OrderRefusedError('order_parameters_changed', 'What was encrypted is not what an order carries.');
}

/** The package here must be the one that was approved for the instance; what the cell has installed is of no matter. */
function connectorFor({ connectorOf }: OrderVerifier, order: WorkOrder): Connector {
  const { instance, action } = order;
  const connector = connectorOf(instance.name, instance.connector);
  if (connector === undefined) throw new OrderRefusedError('connection_unknown', `It is for ${instance.connector} ${instance.name}.`);
  const changed = packageProblem({
    name: instance.name, connector: instance.connector, connectorVersion: instance.connector_version, manifestDigest: instance.manifest_digest, packageDigest: instance.package_digest,
  }, connector);
  if (changed !== null) throw new OrderRefusedError('package_changed', `${instance.connector} ${instance.connector_version} was approved for ${instance.name}; ${connector.manifest.version} is installed here (${changed.code}).`);
  if (!knows(connector, order)) throw new OrderRefusedError('order_action_mismatch', `${instance.connector} has no ${action}.`);
  return connector;
}

function knows({ manifest, reconciler }: Connector, { kind, instance, action, risk, watch }: WorkOrder): boolean {
  const name = action.slice(action.indexOf('/') + 1);
  if (!action.startsWith(`${instance.connector}/`)) return false;
  if (kind === 'watch') return name === 'watch' && watch !== null && reconciler !== undefined;
  return watch === null && Object.hasOwn(manifest.actions, name) && manifest.actions[name]!.risk === risk;
}
