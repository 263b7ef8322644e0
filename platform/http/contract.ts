import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';

export type ParameterPlace = 'path' | 'query' | 'header';

/** One operation of an OpenAPI 3.1 document, ready to check requests and answers with. */
export interface ContractOperation {
  readonly id: string;
  readonly method: string;
  /** With `{name}` for parameters, as the document writes it. */
  readonly path: string;
  readonly requestMediaType: string | null;
  /** Checks and converts (`limit=5` is a number, defaults are filled in). `values` are the raw texts; gives what is wrong. */
  readonly checkParameters: (place: ParameterPlace, values: Record<string, unknown>) => FieldProblem[];
  /** Fills in defaults and gives what is wrong. */
  readonly checkBody: (body: unknown) => FieldProblem[];
  /** For tests: what is wrong with an answer of ours. */
  readonly checkAnswer: (status: number, mediaType: string, body: unknown) => FieldProblem[];
}

interface Parameter {
  readonly name: string;
  readonly in: ParameterPlace;
  readonly required?: boolean;
  readonly schema: Schema;
}
type Schema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly unknown[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, unknown>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const ROOT = 'openapi';

const loaded = new Map<string, Promise<ContractOperation[]>>();

/**
 * Reads the OpenAPI document at `file` and compiles every schema of it. Throws when the document is not consistent. A file is read once per
 * process: a control plane and the tests that check its answers look at the same one.
 */
export function loadContract(file: string): Promise<ContractOperation[]> {
  const known = loaded.get(file) ?? readContract(file);
  loaded.set(file, known);
  return known;
}

async function readContract(file: string): Promise<ContractOperation[]> {
  const document = parse(await readFile(file, 'utf8')) as OpenApi;
  const compiler = new SchemaCompiler(document);
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => {
      const operation = item[method] as Operation;
      const parameters = [...(item['parameters'] as unknown[] ?? []), ...(operation.parameters ?? [])].map((one) => compiler.resolve<Parameter>(one));
      return contractOperation(compiler, method, path, operation, parameters);
    }));
}

function contractOperation(compiler: SchemaCompiler, method: string, path: string, operation: Operation, parameters: Parameter[]): ContractOperation {
  const places = new Map((['path', 'query', 'header'] as const).map((place) => [place, compiler.parameters(parameters.filter((one) => one.in === place), place)]));
  const [mediaType = null] = Object.keys(operation.requestBody?.content ?? {});
  const body = mediaType === null ? undefined : compiler.compile(operation.requestBody?.content[mediaType]?.schema ?? {});
  return {
    id: operation.operationId, method, path,
    requestMediaType: mediaType,
    checkParameters: (place, values) => places.get(place)?.(values) ?? [],
    checkBody: (value) => (body === undefined || body(value) ? [] : problems(body.errors, '')),
    checkAnswer: (status, type, value) => compiler.answer(operation, status, type)?.(value) ?? [{ field: '', code: 'undocumented', message: `${status} ${type} is not in the contract` }],
  };
}

class SchemaCompiler {
  readonly #document: OpenApi;
  /** Texts of parameters are converted to what the schema says; bodies are taken as they are. */
  readonly #bodies = new Ajv2020({ allErrors: true, strict: false, useDefaults: true });
  readonly #texts = new Ajv2020({ allErrors: true, strict: false, useDefaults: true, coerceTypes: true });

  readonly #parameterChecks = new Map<string, ValidateFunction>();

  constructor(document: OpenApi) {
    this.#document = document;
    for (const ajv of [this.#bodies, this.#texts]) {
      formats.default(ajv, ['date-time', 'uri']);
      ajv.addFormat('binary', true);
      ajv.addSchema(document, ROOT, false, false);
    }
  }

  compile(schema: Schema): ValidateFunction {
    return this.#bodies.compile(rooted(schema) as Schema);
  }

  resolve<T>(value: unknown): T {
    const reference = (value as { $ref?: string }).$ref;
    if (reference === undefined) return value as T;
    let found: unknown = this.#document;
    for (const key of reference.slice(2).split('/')) found = (found as Record<string, unknown>)[key];
    return found as T;
  }

  parameters(list: readonly Parameter[], place: ParameterPlace): (values: Record<string, unknown>) => FieldProblem[] {
    const schema = {
      type: 'object',
      properties: Object.fromEntries(list.map((one) => [one.name, rooted(one.schema)])),
      required: list.filter((one) => one.required).map((one) => one.name),
      // Other headers are none of ours; an unknown query parameter is a misspelt one.
      additionalProperties: place === 'header',
    };
    const validate = this.#parameterCheck(schema);
    const lists = list.filter((one) => one.schema['type'] === 'array').map((one) => one.name);
    return (values) => {
      for (const name of lists) if (typeof values[name] === 'string') values[name] = values[name].split(',');
      return validate(values) ? [] : problems(validate.errors, `/${place}`);
    };
  }

  /** Hundreds of operations take the same few: most have no header, many the same id in their path. */
  #parameterCheck(schema: Schema): ValidateFunction {
    const key = JSON.stringify(schema);
    const made = this.#parameterChecks.get(key) ?? this.#texts.compile(schema);
    this.#parameterChecks.set(key, made);
    return made;
  }

  answer(operation: Operation, status: number, mediaType: string): ((value: unknown) => FieldProblem[]) | undefined {
    const response = this.resolve<{ content?: Content }>(operation.responses[String(status)] ?? operation.responses['default']);
    if (response.content === undefined) return mediaType === '' ? () => [] : undefined;
    const schema = response.content[mediaType]?.schema;
    if (schema === undefined) return undefined;
    const validate = this.compile(schema);
    return (value) => (validate(value) ? [] : problems(validate.errors, ''));
  }
}

/** `#/components/...` is relative to the document; a schema taken out of it must say so. */
function rooted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rooted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) =>
    [key, key === '$ref' && typeof member === 'string' && member.startsWith('#') ? `${ROOT}${member}` : rooted(member)]));
}

function problems(errors: readonly ErrorObject[] | null | undefined, prefix: string): FieldProblem[] {
  return (errors ?? []).map((error) => fieldProblem(error, prefix));
}

/** What ajv found, in words that say what to do. */
export function fieldProblem(error: ErrorObject, prefix: string): FieldProblem {
  const at = `${prefix}${error.instancePath}`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return { field: `${at}/${String(params['additionalProperty'] ?? params['unevaluatedProperty'])}`, code: 'unknown_field', message: 'This field is not known here. Remove it or mend its spelling.' };
    case 'required':
      return { field: `${at}/${String(params['missingProperty'])}`, code: 'required', message: 'This field is required.' };
    case 'enum':
      return { field: at, code: 'not_allowed', message: `Use one of: ${(params['allowedValues'] as unknown[]).map(String).join(', ')}.` };
    case 'const':
      return { field: at, code: 'not_allowed', message: `Use ${JSON.stringify(params['allowedValue'])}.` };
    case 'propertyNames':
      return { field: `${at}/${String(params['propertyName'])}`, code: 'name_invalid', message: 'This name is not allowed here.' };
    default:
      return { field: at, code: error.keyword, message: `This ${error.message ?? 'is not valid'}.` };
  }
}
