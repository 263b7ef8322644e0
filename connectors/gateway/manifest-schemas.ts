import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Connector, JsonObject } from '../sdk/connector.ts';

/** The compiled schemas of all actions. Each says what is wrong as pointer and rule, never with the value; null when all is well. */
export interface ManifestSchemas {
  parametersProblem(connector: string, action: string, value: JsonObject): string | null;
  outputProblem(connector: string, action: string, value: JsonObject): string | null;
}

export function createManifestSchemas(connectors: readonly Connector[]): ManifestSchemas {
  const compiled = new Map<string, ValidateFunction>();
  for (const { manifest } of connectors) {
    for (const [action, { parameters, output }] of Object.entries(manifest.actions)) {
      // An instance each, because two schemas may use the same `$id`.
      compiled.set(`${manifest.name}/${action}/parameters`, new Ajv2020({ strict: false }).compile(parameters));
      compiled.set(`${manifest.name}/${action}/output`, new Ajv2020({ strict: false }).compile(output));
    }
  }
  const problem = (key: string, value: JsonObject): string | null => {
    const validate = compiled.get(key);
    if (validate === undefined) return 'there is no schema for it';
    if (validate(value)) return null;
    const [first] = validate.errors ?? [];
    return first === undefined ? 'unknown problem' : `${first.instancePath === '' ? 'the object' : first.instancePath} ${first.message ?? first.keyword}`;
  };
  return {
    parametersProblem: (connector, action, value) => problem(`${connector}/${action}/parameters`, value),
    outputProblem: (connector, action, value) => problem(`${connector}/${action}/output`, value),
  };
}
