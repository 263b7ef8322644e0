import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AnySchema } from 'ajv/dist/2020.js';
import { CanonicalJsonError } from '../canonical-json/errors.ts';
import { parseStrict } from '../canonical-json/parse-strict.ts';

/** Our messages hold a few ids; whatever is longer is not one of them, and is not even parsed. */
const LONGEST_BYTES = 1_024;

/** What a body says, or why it says nothing: its rule, never its content. */
export type Read<T> = { readonly message: T } | { readonly problem: string };

/** Reads bodies by a JSON Schema. Whoever may write to the queue may write anything, so it is the same care as with a request. */
export function messageReader<T>(schema: AnySchema): (body: string) => Read<T> {
  const validate = new Ajv2020().compile(schema);
  return (body) => {
    let value: unknown;
    try {
      value = parseStrict(body, LONGEST_BYTES);
    } catch (error) {
      if (error instanceof CanonicalJsonError) return { problem: error.code };
      throw error;
    }
    if (validate(value)) return { message: value as T };
    const [first] = validate.errors ?? [];
    return { problem: `${first?.instancePath === '' ? 'the message' : first?.instancePath ?? ''} ${first?.message ?? first?.keyword ?? 'is wrong'}`.trim() };
  };
}
