import { cleanJson } from '@countersign/platform/text-safety/clean-json.ts';
import type { Call } from './call.ts';
import { isFromOutside, NO_SOURCES, outputLabelsOf } from './labels.ts';
import type { Performed } from './perform.ts';

/**
 * Says where an answer came from, and takes hidden characters out of what may have been written outside: nothing that people cannot see
 * reaches a model, an approval or a write. That some were there stays known, as a label and in the call's record.
 */
export function cleanAnswer(call: Call, performed: Performed): Performed {
  if (performed.state !== 'succeeded') return performed;
  const { result, nestedLabels } = performed;
  if (!isFromOutside(outputLabelsOf(call, { ...NO_SOURCES, nested: nestedLabels }))) return performed;
  const { value: output, hidden } = cleanJson(result.output);
  return { ...performed, result: { ...result, output }, hidden };
}
