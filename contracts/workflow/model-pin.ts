/** Names that a provider lets stand for whatever is newest: the last part of an id, behind `-`, `:`, `/`, `@` or by itself. */
const FLOATING = /(?:^|[-:/@])(?:latest|newest|default|auto|stable)$/i;

/**
 * Whether `<connector>/<id>` can be pinned. The workflow's version fixes the id, and policy is told that the model is pinned when the run
 * was planned with it (`resolve-call.ts`); but an alias such as `claude-sonnet-latest` names another model tomorrow, so no version pins
 * it. An id without a date can be: the newest families have none (OpenAI, Anthropic, November 2026), a name with a date behind it is the
 * same model, and which one answered is recorded with each call and compared (`ModelAnswer.model_changed`). On Azure the id is a
 * deployment: switch its automatic upgrade off, and say in the instance's setting `models` which model it is to be.
 */
export function canBePinned(use: string): boolean {
  return !FLOATING.test(use.slice(use.indexOf('/') + 1));
}
