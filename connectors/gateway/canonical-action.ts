import { canonicalText, digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { JsonObject, Prepared } from '../sdk/connector.ts';
import { withoutContent } from './content-parameters.ts';
import type { ContentTexts } from './content-parameters.ts';
import type { CallIdentity } from './call-identity.ts';

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
  /** As they will be sent, but free text stands as `{sha256, length}` (decision record 0010). */
  readonly parameters: JsonObject;
  /**
   * The approval that this action takes the place of, where the same step asks people again (the first was used up, or does not satisfy
   * today's policy). It makes the new request another action even when all else is the same. Absent on the first request.
   */
  readonly follows_approval?: string;
}

export interface DigestedAction {
  readonly action: CanonicalAction;
  readonly text: string;
  /** `sha256:<hex>` of the UTF-8 bytes of `text`. */
  readonly digest: string;
  /** The free texts that the action binds by digest, by pointer. Sealed apart from the action. */
  readonly content: ContentTexts;
}

/**
 * The action for `what`, whose `parameters` are whole.
 * @param contentParameters the manifest's `content_parameters`
 */
export function canonicalAction(
  identity: CallIdentity,
  what: Pick<CanonicalAction, 'connector' | 'connector_version' | 'manifest_digest' | 'action' | 'instance_id' | 'target' | 'parameters' | 'follows_approval'>,
  contentParameters: readonly string[],
): DigestedAction {
  const { parameters, content } = withoutContent(what.parameters, contentParameters);
  const action: CanonicalAction = {
    format: 'countersign.dev/action/v1',
    tenant_id: identity.tenant.id,
    environment_id: identity.environment.id,
    run_id: identity.run.id,
    step_key: identity.step.key,
    call_key: identity.callKey,
    ...what,
    parameters,
  };
  return { action, text: canonicalText(action), digest: digestOf(action), content };
}
