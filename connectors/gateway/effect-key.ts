import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { endedBy } from './call.ts';
import type { Call, PlannedAction } from './call.ts';
import type { EffectKey } from './ports.ts';

/** An identifier, not a text: it stands in the audit and in errors as it is. The form of derived keys is left to them. */
const KEY = /^(?!sha256:)[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,199}$/;

/** The key that the workflow names, or null where it names none. Ends the call when it is no key, or keys nothing. */
export function namedKey(call: Call): EffectKey | null {
  const { idempotencyKey: text, action, parameters } = call.request;
  if (text === undefined || text === null) return null;
  if (!call.changesSomething) {
    throw endedBy({ code: 'idempotency_key_invalid', retryable: false, message: `${action} changes nothing, so it takes no idempotency_key; remove it from the step.` });
  }
  if (!KEY.test(text)) {
    throw endedBy({
      code: 'idempotency_key_invalid', retryable: false,
      message: 'The idempotency_key of the step is no identifier: use 1 to 200 letters, digits and . _ : / @ + = -, beginning with a letter or a digit, and no text of the ticket.',
    });
  }
  return { action, text, parametersDigest: digestOf({ action, instance_id: call.instance.id, parameters }) };
}

/** The key that the intent is committed under: the one that the workflow names, else one for this call of this run and exactly this action. */
export function idempotencyKeyOf({ request: { identity } }: Call, plan: PlannedAction, named: EffectKey | null): string {
  return named?.text ?? digestOf({ run_id: identity.run.id, step_key: identity.step.key, call_key: identity.callKey, action_digest: plan.digest });
}
