import type { ValidateFunction } from 'ajv/dist/2020.js';
import { compileAlone } from '@countersign/platform/json-schema/compile-alone.ts';
import type { Connector, JsonObject } from '../sdk/connector.ts';

/** The compiled schemas of actions. Each says what is wrong as pointer and rule, never with the value; null when all is well. */
export interface ManifestSchemas {
  parametersProblem(connector: Connector, action: string, value: JsonObject): string | null;
  /** @param isRedacted members that the manifest redacts need not be there */
  outputProblem(connector: Connector, action: string, value: JsonObject, isRedacted?: boolean): string | null;
}

/** Tenants bring manifests of their own, so what is compiled is bounded. */
const MAX_COMPILED = 2_000;

const compile = compileAlone({ strict: false });

/** Compiled when first needed and kept by the manifest's digest: two tenants' connectors of one name have nothing in common. */
export function createManifestSchemas(): ManifestSchemas {
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = ({ manifest, manifestDigest }: Connector, action: string, which: 'parameters' | 'output' | 'redacted'): ValidateFunction | null => {
    const key = `${manifestDigest}/${action}/${which}`;
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const declared = Object.hasOwn(manifest.actions, action) ? manifest.actions[action] : undefined;
    if (declared === undefined) return null;
    // Alone, because two schemas may use the same `$id`.
    const made = compile(which === 'redacted' ? withoutRedacted(declared.output, declared.redact) : declared[which]);
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
    outputProblem: (connector, action, value, isRedacted = false) => problem(validatorOf(connector, action, isRedacted ? 'redacted' : 'output'), value),
  };
}

/** `schema`, demanding no member of a name that is redacted somewhere. Where they stand was demanded by who redacted them. */
function withoutRedacted<Schema>(schema: Schema, pointers: readonly string[]): Schema {
  if (pointers.length === 0) return schema;
  const names = new Set(pointers.map((pointer) => pointer.slice(pointer.lastIndexOf('/') + 1).replaceAll('~1', '/').replaceAll('~0', '~')));
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => (key === 'required' && Array.isArray(value) ? value.filter((name) => !names.has(name)) : value)) as Schema;
}
