import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AnySchemaObject, Options, ValidateFunction } from 'ajv/dist/2020.js';

/**
 * Compiles schemas one by one, each in an instance of ajv of its own: an instance keeps what it compiled, and refuses a second schema of one `$id`.
 * That a schema is one is checked against the meta-schema, which is compiled once for all; by instance it costs ten times what the schema does.
 *
 * @returns a function that throws ajv's Error on what is no JSON Schema (2020-12)
 */
export function compileAlone(options: Options, addFormats: (ajv: Ajv2020) => void = () => undefined): (schema: AnySchemaObject) => ValidateFunction {
  const meta = new Ajv2020(options);
  addFormats(meta);
  return (schema) => {
    meta.validateSchema(schema, true);
    const alone = new Ajv2020({ ...options, validateSchema: false });
    addFormats(alone);
    return alone.compile(schema);
  };
}
