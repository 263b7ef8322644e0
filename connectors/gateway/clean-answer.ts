import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import { cleanJson } from '@countersign/platform/text-safety/clean-json.ts';
import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import type { JsonObject } from '../sdk/connector.ts';
import type { Call } from './call.ts';
import { isFromOutside, NO_SOURCES, outputLabelsOf } from './labels.ts';
import type { Performed } from './performed.ts';

/**
 * Says where an answer came from, and takes hidden characters out of what may have been written outside: nothing that people cannot see
 * reaches a model, an approval or a write. That some were there stays known, as a label and in the call's record.
 */
export function cleanAnswer(call: Call, performed: Performed): Performed {
  if (performed.state !== 'succeeded') return performed;
  const { output, hidden } = cleanOutput(call, performed.result.output, performed.nestedLabels);
  // Of what was cleaned where it was carried out, only the count is left.
  return { ...performed, result: { ...performed.result, output }, hidden: performed.judgedThere === undefined ? hidden : { ...hidden, ...performed.hidden } };
}

/** The same for an output that was found in the system of record. What trusted systems say is left as it is. */
export function cleanOutput(call: Call, output: JsonObject, nested: readonly Label[] = []): { readonly output: JsonObject; readonly hidden: HiddenCharacters } {
  if (!isFromOutside(outputLabelsOf(call, { ...NO_SOURCES, nested }))) return { output, hidden: {} };
  const { value, hidden } = cleanJson(output);
  return { output: value, hidden };
}
