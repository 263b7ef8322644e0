import type { ActionManifest, JsonSchema } from '@countersign/contracts/connectors/manifest.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { outputSchemaProblems } from '@countersign/contracts/workflow/output-schema.ts';
import type { ActionChecks } from './action-checks.ts';
import { hasExpression } from './expressions.ts';
import type { StepDocument, WorkflowDocument } from './workflow-document.ts';
import { namedFile } from './workflow-files.ts';
import type { AttachedFile } from './workflow-files.ts';
import { YamlSource } from './yaml-source.ts';
import type { Path } from './yaml-source.ts';

/** The step that asks one of `spec.models`, whichever connector serves it. */
export const MODEL_STEP = 'model/generate';

const PARAMETERS: readonly string[] = ['model', 'input', 'prompt', 'output_schema', 'max_output_tokens', 'minimise', 'source'];
/** What the engine adds; no workflow has to give it. */
const GIVEN_BY_ENGINE: readonly string[] = ['model', 'source'];
/** Part of the version, so that what a model was told is known by the version alone. */
const CONSTANT = [['prompt', 'file'], ['output_schema', '$ref']] as const;

/** What is wrong with a step that asks a model. Every model that may answer, fallbacks included, must take its parameters. */
export function checkModelStep(step: StepDocument, path: Path, { spec }: WorkflowDocument, given: ActionChecks): FieldProblem[] {
  const parameters = step.with ?? {};
  const { source } = given;
  const names = Object.keys(spec.models ?? {});
  const problems = Object.keys(parameters).filter((name) => !PARAMETERS.includes(name))
    .map((name) => source.problem([...path, 'with', name], 'parameter_unknown', `${MODEL_STEP} has no parameter "${name}". It has: ${listed(PARAMETERS)}.`, { key: true }));
  if (parameters['input'] === undefined) problems.push(source.problem([...path, 'with'], 'parameter_missing', `${MODEL_STEP} needs the parameter "input".`));
  problems.push(...constantProblems(parameters, path, given));
  const name = parameters['model'];
  if (name === undefined) problems.push(source.problem([...path, 'with'], 'parameter_missing', `${MODEL_STEP} needs the parameter "model": one of spec.models (${listed(names)}).`));
  // The model is pinned when the workflow is published, so no expression may choose it.
  else if (typeof name !== 'string' || !names.includes(name)) problems.push(source.problem([...path, 'with', 'model'], 'model_unknown', `Name one of spec.models, as it is written there: ${listed(names)}.`));
  else problems.push(...servingProblems([spec.models![name]!.use, ...spec.models![name]!.fallback ?? []], parameters, path, given));
  return problems;
}

/** Prompts and schemas: written in the step or in a file, always constant. */
function constantProblems(parameters: Readonly<Record<string, unknown>>, path: Path, { files, source }: ActionChecks): FieldProblem[] {
  return CONSTANT.flatMap(([name, key]) => {
    const value = parameters[name];
    if (value === undefined) return [];
    const at = [...path, 'with', name];
    const file = namedFile(value, key);
    if (file !== null && !files.has(file)) {
      return [source.problem(at, 'file_missing', `The file ${file} did not come along. Send it after the workflow as a document of kind File. There are: ${listed(files.keys())}.`)];
    }
    const constant = file === null ? value : files.get(file)!.text;
    if (hasExpression(constant)) return [source.problem(at, 'expression_not_allowed', `"${name}" is part of the version and holds no expression; what comes from the run goes into "input".`)];
    if (name === 'prompt') return typeof constant === 'string' ? [] : [source.problem(at, 'parameter_invalid', '"prompt" is a text, or {file: PATH}.')];
    const schema = file === null ? { value } : new YamlSource(files.get(file)!.text).read();
    if ('problems' in schema) return [source.problem(at, 'file_invalid', `${file ?? ''} cannot be read: ${schema.problems[0]?.message ?? ''}`)];
    return schemaProblems(schema.value).map((message) => source.problem(at, 'output_schema_invalid', message));
  });
}

/** Only what every hosted model can be held to: a fallback must not find out at run time. */
function schemaProblems(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return ['"output_schema" is a JSON Schema of an object, or {$ref: PATH}.'];
  return outputSchemaProblems(schema as JsonSchema).map(({ pointer, problem, fix }) => `"output_schema" at ${pointer === '' ? 'its root' : pointer}: ${problem}; ${fix}.`);
}

/** A parameter that one model needs and nobody gives; a parameter that none of them takes. */
function servingProblems(uses: readonly string[], parameters: Readonly<Record<string, unknown>>, path: Path, { manifests, source }: ActionChecks): FieldProblem[] {
  const serving = uses.flatMap((use) => {
    const manifest = manifests.get(use.slice(0, use.indexOf('/')))?.manifest;
    const action = manifest?.actions['generate'];
    return manifest === undefined ? [] : [{ use, action: action?.risk === 'model' ? action : undefined }];
  });
  return [
    ...serving.flatMap(({ use, action }) => {
      if (action === undefined) return [source.problem([...path, 'with', 'model'], 'action_unknown', `The connector of ${use} has no action "generate" that asks a model.`)];
      return requiredOf(action).filter((name) => !GIVEN_BY_ENGINE.includes(name) && parameters[name] === undefined && name !== 'input')
        .map((name) => source.problem([...path, 'with'], 'parameter_missing', `${use} needs the parameter "${name}".`));
    }),
    ...Object.keys(parameters).filter((name) => PARAMETERS.includes(name) && name !== 'model' && serving.length > 0 && serving.every(({ action }) => action !== undefined && !declaredBy(action).includes(name)))
      .map((name) => source.problem([...path, 'with', name], 'parameter_unknown', `${listed(uses)} takes no "${name}".`, { key: true })),
  ];
}

function requiredOf({ parameters }: ActionManifest): readonly string[] {
  return (parameters['required'] ?? []) as readonly string[];
}

function declaredBy({ parameters }: ActionManifest): readonly string[] {
  return Object.keys((parameters['properties'] ?? {}) as object);
}

/** A file that nothing names would be published for nothing, and is most likely a name that was misspelt. */
export function unusedFiles({ spec }: WorkflowDocument, files: ReadonlyMap<string, AttachedFile>): FieldProblem[] {
  const named = new Set(spec.steps.flatMap((step) => [step, ...step.steps ?? []]).flatMap((step) => CONSTANT.flatMap(([name, key]) => namedFile(step.with?.[name], key) ?? [])));
  return [...files.keys()].filter((path) => !named.has(path))
    .map((path) => ({ field: '', code: 'file_unused', message: `No step names the file ${path}. Name it ({file: ${path}} or {$ref: ${path}}), or leave it out.`, line: 1, column: 1 }));
}

/** The parameters with the texts of the files in the place of their names. */
export function withFiles(parameters: Readonly<Record<string, unknown>>, files: ReadonlyMap<string, AttachedFile>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => {
    const prompt = name === 'prompt' ? files.get(namedFile(value, 'file') ?? '') : undefined;
    if (prompt !== undefined) return [name, prompt.text];
    const schema = name === 'output_schema' ? files.get(namedFile(value, '$ref') ?? '') : undefined;
    if (schema === undefined) return [name, value];
    const read = new YamlSource(schema.text).read();
    return [name, 'value' in read ? read.value : value];
  }));
}

function listed(names: Iterable<string>): string {
  return [...names].join(', ') || 'none';
}
