import { canonicalText, digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { JsonObject, Prepared } from '../sdk/connector.ts';
import type { CallIdentity } from './ports.ts';

/**
 * The action exactly as policy judges it, a person approves it and the connector executes it. Its SHA-256 over RFC 8785 bytes is
 * the digest that an approval is bound to: whatever is not in here can change without a new approval, so everything that matters is.
 */
export interface CanonicalAction {
  readonly format: 'countersign.dev/action/v1';
  readonly tenant_id: string;
  readonly environment_id: string;
  readonly run_id: string;
  readonly step_key: string;
  readonly call_key: string;
  readonly connector: string;
  readonly connector_version: string;
  readonly manifest_digest: string;
  readonly action: string;
  readonly instance_id: string | null;
  readonly target: Prepared['target'] | null;
  readonly parameters: JsonObject;
}

export interface DigestedAction {
  readonly action: CanonicalAction;
  readonly text: string;
  /** `sha256:<hex>` of the UTF-8 bytes of `text`. */
  readonly digest: string;
}

export function canonicalAction(
  identity: CallIdentity,
  what: Pick<CanonicalAction, 'connector' | 'connector_version' | 'manifest_digest' | 'action' | 'instance_id' | 'target' | 'parameters'>,
): DigestedAction {
  const action: CanonicalAction = {
    format: 'countersign.dev/action/v1',
    tenant_id: identity.tenant.id,
    environment_id: identity.environment.id,
    run_id: identity.run.id,
    step_key: identity.step.key,
    call_key: identity.callKey,
    ...what,
  };
  return { action, text: canonicalText(action), digest: digestOf(action) };
}
