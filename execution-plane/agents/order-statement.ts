import { hash } from 'node:crypto';
import type { EncryptionJwk } from '@countersign/contracts/agent/protocol.ts';
import { WORK_ORDER_FORMAT, WORK_ORDER_PAYLOAD } from '@countersign/contracts/agent/work-order.ts';
import type { OrderIdentity, SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { envelopeOf, preAuthEncoding } from '@countersign/contracts/evidence/dsse.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { canonicalBytes, canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { SigningKey } from '@countersign/platform/keys/keys.ts';
import { sealTo } from '@countersign/platform/sealing/jwe.ts';

/** Everything of an order but what sealing it gives. */
export type OrderTerms = Omit<WorkOrder, 'format' | 'sealed' | 'sealed_sha256' | 'parameters_sha256'>;

/** As many as fit into what an agent takes in one answer, base64 twice over. */
export const MAX_PARAMETER_BYTES = 1024 * 1024 - 256 * 1024;
const MAX_ORDER_BYTES = 2 * 1024 * 1024;

/**
 * The order as it is stored and handed out: its parameters encrypted to the agent, the whole of it signed.
 *
 * @returns the envelope in its one canonical spelling, whose SHA-256 the agent names when it refuses it
 */
export async function signOrder(terms: OrderTerms, sealed: SealedParameters, recipient: EncryptionJwk, key: SigningKey): Promise<string> {
  const clear = parameterBytes(sealed);
  const jwe = await sealTo({ ...recipient }, { from: terms.identity.tenant.id, to: terms.audience.agent_id }, clear);
  const order: WorkOrder = { ...terms, format: WORK_ORDER_FORMAT, sealed: jwe, sealed_sha256: hash('sha256', jwe, 'hex'), parameters_sha256: hash('sha256', clear, 'hex') };
  const payload = canonicalBytes(order, MAX_ORDER_BYTES);
  const signature = await key.sign(preAuthEncoding(WORK_ORDER_PAYLOAD, payload));
  return canonicalText(envelopeOf(WORK_ORDER_PAYLOAD, payload, [{ keyid: key.kid, signature }]), 2 * MAX_ORDER_BYTES);
}

/** Whether there is an order that can carry them. */
export function fitsIntoOrder(sealed: SealedParameters): boolean {
  return parameterBytes(sealed).byteLength <= MAX_PARAMETER_BYTES;
}

function parameterBytes(sealed: SealedParameters): Uint8Array {
  return canonicalBytes(sealed, 8 * 1024 * 1024);
}

export function orderIdentity({ tenant, workspace, environment, run, step, callKey }: CallIdentity): OrderIdentity {
  return {
    tenant, workspace, environment, step, call_key: callKey,
    run: { id: run.id, workflow: run.workflow, workflow_version: run.workflowVersion, workflow_digest: run.workflowDigest },
  };
}
