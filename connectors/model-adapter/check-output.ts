import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '@countersign/contracts/connectors/manifest.ts';
import { compileAlone } from '@countersign/platform/json-schema/compile-alone.ts';
import type { Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { objectIn } from './read-body.ts';
import { withoutFilledNulls } from './strict-schema.ts';

/** Workflows bring schemas of their own, so what is compiled is bounded. */
const MAX_COMPILED = 500;
const compiled = new Map<string, ValidateFunction>();

/** Names that every object inherits (`toString`) are properties like others. `format` is a hint to the model; what it means is for the action that uses the value. */
const compile = compileAlone({ strict: false, logger: false, validateFormats: false, ownProperties: true });

export type CheckedOutput = { readonly output: JsonObject } | { readonly problem: string };

/**
 * The model's text as the output that the workflow asked for. A provider's strict mode is no proof: bounds are not part of it, and
 * compatible servers may not have one. Problems name a place and a rule, never what the model wrote.
 * @param restore puts back what placeholders stand for
 */
export function checkOutput(text: string, schema: JsonSchema | null, restore: (answer: Json) => Json): CheckedOutput {
  if (schema === null) return { output: { text: String(restore(text)) } };
  const parsed = parse(text);
  if (parsed === undefined) return { problem: 'it is no JSON' };
  const output = objectIn(restore(withoutFilledNulls(parsed, schema)));
  if (output === null) return { problem: 'it is no JSON object' };
  const validate = validatorOf(schema);
  if (validate(output)) return { output };
  const [first] = validate.errors ?? [];
  // The path of an unknown key is the model's own word, so only paths of the schema are told.
  return { problem: first === undefined ? 'it breaks the schema' : `it breaks ${first.schemaPath}` };
}

/**
 * Whether an answer can be checked against the schema: found out before anything is asked, because answers are billed.
 * @throws ConnectorError parameters_invalid
 */
export function requireCheckable(schema: JsonSchema): void {
  try {
    validatorOf(schema);
  } catch (cause) {
    throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `output_schema is no JSON Schema: ${cause instanceof Error ? cause.message : 'unknown problem'}.`, cause });
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text, (key, value: Json) => (key === '__proto__' ? undefined : value)) as Json;
  } catch {
    return undefined;
  }
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  const key = JSON.stringify(schema);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = compile({ ...schema, $schema: undefined, $id: undefined });
  if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value ?? '');
  compiled.set(key, made);
  return made;
}
