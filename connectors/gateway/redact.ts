import type { Json, JsonObject } from '../sdk/connector.ts';
import type { Call } from './call.ts';
import type { Performed } from './performed.ts';

/** What the manifest redacts is gone before anything is stored or handed on. */
export function redactAnswer(call: Call, performed: Performed): Performed {
  if (performed.state !== 'succeeded') return performed;
  return { ...performed, result: { ...performed.result, output: redacted(performed.result.output, call.manifest.redact) } };
}

/** A copy of `output` without what stands at the pointers (RFC 6901; `-` stands for every element of a list). */
export function redacted(output: JsonObject, pointers: readonly string[]): JsonObject {
  if (pointers.length === 0) return output;
  const copy = structuredClone(output);
  for (const pointer of pointers) remove(copy, pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')));
  return copy;
}

function remove(value: Json | undefined, path: readonly string[]): void {
  const [name = '', ...rest] = path;
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const chosen = name === '-' ? value : value.slice(Number(name), Number(name) + 1);
    for (const element of chosen) remove(element, rest);
  } else if (rest.length === 0) {
    delete value[name];
  } else if (Object.hasOwn(value, name)) {
    remove(value[name], rest);
  }
}
