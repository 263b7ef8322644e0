import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { fieldProblem } from '@countersign/platform/http/contract.ts';

const MAX_COMPILED = 500;

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
      newAjv().compile(schema);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #compile(key: string, schema: object): ValidateFunction {
    // An instance of its own, because ajv keeps every schema that it ever compiled.
    const validate = newAjv().compile(schema);
    if (this.#compiled.size >= MAX_COMPILED) this.#compiled.delete(this.#compiled.keys().next().value ?? '');
    this.#compiled.set(key, validate);
    return validate;
  }
}

function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  formats.default(ajv, ['date-time', 'uri', 'date', 'email']);
  return ajv;
}
