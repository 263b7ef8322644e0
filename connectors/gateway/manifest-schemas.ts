import type { ValidateFunction } from 'ajv/dist/2020.js';
import { compileAlone } from '@countersign/platform/json-schema/compile-alone.ts';
import type { Connector, JsonObject } from '../sdk/connector.ts';

/** The compiled schemas of actions. Each says what is wrong as pointer and rule, never with the value; null when all is well. */
export interface ManifestSchemas {
  parametersProblem(connector: Connector, action: string, value: JsonObject): string | null;
  outputProblem(connector: Connector, action: string, value: JsonObject): string | null;
}

/** Tenants bring manifests of their own, so what is compiled is bounded. */
const MAX_COMPILED = 2_000;

const compile = compileAlone({ strict: false });

/** Compiled when first needed and kept by the manifest's digest: two tenants' connectors of one name have nothing in common. */
export function createManifestSchemas(): ManifestSchemas {
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = ({ manifest, manifestDigest }: Connector, action: string, which: 'parameters' | 'output'): ValidateFunction | null => {
    const key = `${manifestDigest}/${action}/${which}`;
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const schema = Object.hasOwn(manifest.actions, action) ? manifest.actions[action]?.[which] : undefined;
    if (schema === undefined) return null;
    // Alone, because two schemas may use the same `$id`.
    const made = compile(schema);
    if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value ?? '');
    compiled.set(key, made);
    return made;
  };
  const problem = (validate: ValidateFunction | null, value: JsonObject): string | null => {
    if (validate === null) return 'there is no schema for it';
    if (validate(value)) return null;
    const [first] = validate.errors ?? [];
    return first === undefined ? 'unknown problem' : `${first.instancePath === '' ? 'the object' : first.instancePath} ${first.message ?? first.keyword}`;
  };
  return {
    parametersProblem: (connector, action, value) => problem(validatorOf(connector, action, 'parameters'), value),
    outputProblem: (connector, action, value) => problem(validatorOf(connector, action, 'output'), value),
  };
}
