import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const CONTRACT = new URL(import.meta.resolve('@countersign/contracts/openapi/openapi.yaml'));

interface OpenApi {
  paths: Record<string, Record<string, { responses?: Record<string, { content?: Record<string, unknown> }>; requestBody?: { content?: Record<string, unknown> } }>>;
}

/** Checks bodies against the OpenAPI contract, so that the stand-in cannot answer what a real cell would not. */
export class Contract {
  readonly #document: OpenApi;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor() {
    this.#document = parse(readFileSync(fileURLToPath(CONTRACT), 'utf8')) as OpenApi;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(this.#document, 'openapi');
  }

  /** @throws Error naming the fields that do not fit */
  checkAnswer(method: string, path: string, status: number, body: unknown): void {
    const responses = this.#document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
    const key = String(status) in responses ? String(status) : undefined;
    const pointer = key === undefined
      ? 'openapi#/components/schemas/Problem'
      : `openapi#/paths/${escape(path)}/${method.toLowerCase()}/responses/${key}/content/application~1json/schema`;
    this.#check(pointer, body, `${method} ${path} ${status}`);
  }

  /** @throws Error naming the fields that do not fit */
  checkRequest(method: string, path: string, body: unknown): void {
    this.#check(`openapi#/paths/${escape(path)}/${method.toLowerCase()}/requestBody/content/application~1json/schema`, body, `body of ${method} ${path}`);
  }

  #check(pointer: string, value: unknown, what: string): void {
    const validate = this.#compiled.get(pointer) ?? this.#ajv.compile({ $ref: pointer });
    this.#compiled.set(pointer, validate);
    if (!validate(value)) throw new Error(`${what} does not fit the contract: ${this.#ajv.errorsText(validate.errors)}`);
  }
}

function escape(path: string): string {
  return encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'));
}
