import type { ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { fieldProblem } from '@countersign/platform/http/contract.ts';
import { compileAlone } from '@countersign/platform/json-schema/compile-alone.ts';

const MAX_COMPILED = 500;

const compile = compileAlone({ allErrors: true, strict: false }, (ajv) => formats.default(ajv, ['date-time', 'uri', 'date', 'email']));

/** JSON Schemas of manifests and of our own contracts, compiled once each and kept by a key that names their content. */
export class SchemaChecks {
  readonly #compiled = new Map<string, ValidateFunction>();

  /** What is wrong with `value`, field by field; empty when it fits. */
  check(key: string, schema: object, value: unknown): FieldProblem[] {
    const validate = this.#compiled.get(key) ?? this.#compile(key, schema);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => fieldProblem(error, ''));
  }

  /** Why `schema` is no JSON Schema, or null when it is one. */
  problemOf(schema: object): string | null {
    try {
      compile(schema);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #compile(key: string, schema: object): ValidateFunction {
    // Alone, because ajv keeps every schema that it ever compiled.
    const validate = compile(schema);
    if (this.#compiled.size >= MAX_COMPILED) this.#compiled.delete(this.#compiled.keys().next().value ?? '');
    this.#compiled.set(key, validate);
    return validate;
  }
}
