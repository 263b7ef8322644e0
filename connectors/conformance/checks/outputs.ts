import { redacted } from '../../gateway/redact.ts';
import type { Json, JsonObject } from '../../sdk/connector.ts';
import type { Bench, World } from '../bench.ts';
import { demand } from '../failure.ts';
import { actionsOf, ready, told } from './check.ts';
import type { Check } from './check.ts';

/** Schemas are honest both ways, and what is redacted never leaves. */
export function outputChecks(bench: Bench): Check[] {
  return actionsOf(bench).flatMap(([name, manifest]) => [
    {
      name: `${name}: what the stand-in answers fits the output's schema`,
      run: async () => {
        const world = bench.world();
        await succeed(bench, world, name);
      },
    },
    {
      name: `${name}: parameters that do not fit are refused before anything is sent`,
      run: async () => {
        const world = bench.world();
        const parameters = await ready(bench, world, name);
        await bench.proxy?.clear();
        for (const [what, changed] of misfits(parameters, manifest.parameters)) {
          const result = await world.call(name, changed);
          demand(result.kind === 'failed' && result.error.code === 'parameters_invalid', `${name} with ${what} ended as ${told(result)}; expected failed (parameters_invalid). Tighten /actions/${name}/parameters.`);
          demand((bench.proxy?.seen() ?? []).length === 0, `${name} with ${what} sent something before it was refused.`);
        }
      },
    },
    ...(manifest.redact.length === 0 ? [] : [{
      name: `${name}: redacted fields are there in the answer, and never leave`,
      run: async () => {
        const world = bench.world();
        const output = await succeed(bench, world, name);
        const raw = world.raw.findLast(({ action }) => action === name)!.output;
        const kept = JSON.stringify([output, world.gateway.store.calls, world.gateway.errors]);
        for (const pointer of manifest.redact) {
          const values = removedBy(raw, pointer);
          demand(values.length > 0, `/actions/${name}/redact: ${pointer} hits nothing in what the stand-in answers, so it redacts nothing that was tried. Mend the pointer, or let the stand-in answer with that field.`);
          demand(values.every((value) => !isTelling(value) || !kept.includes(value)), `${name}: a value at ${pointer} is redacted there, but leaves in another field of the output.`);
        }
      },
    }]),
  ]);
}

async function succeed(bench: Bench, world: World, name: string): Promise<JsonObject> {
  const result = await world.call(name, await ready(bench, world, name));
  demand(result.kind === 'succeeded', `${name} with the parameters of conformance.ts ended as ${told(result)}.`);
  return result.output;
}

function misfits(parameters: JsonObject, schema: Readonly<Record<string, unknown>>): Array<[string, JsonObject]> {
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const open = schema['additionalProperties'] !== false && schema['unevaluatedProperties'] !== false;
  return [
    ...(open ? [] : [['a parameter that it does not know', { ...parameters, 'no-such-parameter': true }] as [string, JsonObject]]),
    ...required.map((name): [string, JsonObject] => [`no ${name}`, Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== name))]),
  ];
}

/** The texts that a redaction takes out of `output`. */
function removedBy(output: JsonObject, pointer: string): string[] {
  const before = textsOf(output);
  const after = textsOf(redacted(output, [pointer]));
  for (const text of after) before.splice(before.indexOf(text), 1);
  return before;
}

function textsOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf);
  return [String(value)];
}

/** Shorter texts are found anywhere by chance. */
function isTelling(text: string): boolean {
  return text.length >= 8;
}
