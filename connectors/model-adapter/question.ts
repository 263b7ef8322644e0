import type { JsonSchema } from '@countersign/contracts/connectors/manifest.ts';
import type { Json, JsonObject } from '../sdk/connector.ts';
import type { MinimisedKind } from './find-sensitive.ts';
import { strictSchema } from './strict-schema.ts';

/** What `generate` is asked for, as every provider is asked it. The manifest has checked the parameters. */
export interface Question {
  /** `<connector>/<id>`, as the workflow says it and prices are kept under. */
  readonly use: string;
  /** What goes over the wire: everything after the first slash. On Azure the deployment's name. */
  readonly modelId: string;
  readonly instructions: string;
  readonly input: Json;
  readonly outputSchema: JsonSchema | null;
  /** The same for the provider's strict mode. */
  readonly strict: JsonObject | null;
  readonly maxOutputTokens: number;
  readonly minimise: readonly MinimisedKind[];
}

const DEFAULT_MAX_OUTPUT_TOKENS = 2_048;

/** @throws ConnectorError parameters_invalid, where no provider can be held to the schema */
export function readQuestion(parameters: JsonObject): Question {
  const use = String(parameters['model']);
  const schema = parameters['output_schema'] ?? null;
  const outputSchema = typeof schema === 'object' && !Array.isArray(schema) ? schema : null;
  return {
    use,
    modelId: use.slice(use.indexOf('/') + 1),
    instructions: String(parameters['prompt']),
    input: parameters['input'] ?? null,
    outputSchema,
    strict: outputSchema === null ? null : strictSchema(outputSchema),
    maxOutputTokens: maxOutputTokensOf(parameters),
    minimise: (parameters['minimise'] ?? []) as MinimisedKind[],
  };
}

function maxOutputTokensOf({ max_output_tokens }: JsonObject): number {
  return typeof max_output_tokens === 'number' ? max_output_tokens : DEFAULT_MAX_OUTPUT_TOKENS;
}

/** The user's content as it is sent: a text as it is, anything else as JSON that people can read, too. */
export function inputText(input: Json): string {
  return typeof input === 'string' ? input : JSON.stringify(input, null, 2);
}
