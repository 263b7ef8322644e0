import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import schema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import { fieldsAt } from './input-fields.ts';
import { rego } from './rego-language.ts';

const REFERENCE = /\binput((?:\.\w+|\[[^\]\s]*\])*)\.(\w*)$/;

/** Suggests the fields of the policy input with what they mean, as the contract's schema says: the same that the compiler checks by. */
export const inputCompletions = rego.data.of({ autocomplete: complete });

function complete(context: CompletionContext): CompletionResult | null {
  const found = context.matchBefore(REFERENCE);
  if (found === null) return null;
  const [, reference = '', begun = ''] = REFERENCE.exec(found.text) ?? [];
  const fields = fieldsAt(reference, schema);
  if (fields.length === 0) return null;
  return {
    from: context.pos - begun.length,
    validFor: /^\w*$/,
    options: fields.map(({ name, type, description, example }) => ({
      label: name, type: 'property', detail: type, info: [description, example === null ? null : `For example ${example}`].filter((text) => text !== null).join('. ') || undefined,
    })),
  };
}
