import { readFile } from 'node:fs/promises';
import { FACT_NAMES } from '@countersign/contracts/policy/decision.ts';
import { buildWasm } from './build-wasm.ts';
import { checkLayers } from './check-layers.ts';
import { checkSizes } from './check-sizes.ts';
import { checkTypes } from './check-types.ts';
import { checkFields, checkValues } from './check-values.ts';
import { checkVerdicts, rulePlaces } from './check-verdicts.ts';
import type { CompileLimits, CompileOptions, CompilePolicy } from './compile-options.ts';
import type { ErrorContext } from './error-context.ts';
import { explainError } from './explain-error.ts';
import { formatSources } from './format-sources.ts';
import { readInputFields } from './input-fields.ts';
import { knownOpa } from './known-opa.ts';
import type { Capabilities, KnownOpa } from './known-opa.ts';
import { filesOf, isTestFile } from './layers.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { readsInput } from './module-facts.ts';
import type { ModuleFacts } from './module-facts.ts';
import { boundedOpa } from './opa-process.ts';
import type { Opa } from './opa-process.ts';
import { parseSources } from './parse-sources.ts';
import { hasErrors, withLines } from './problems.ts';
import type { FoundProblem } from './problems.ts';
import { readCoverage } from './read-coverage.ts';
import type { CompileReport } from './report.ts';
import { runTests } from './run-tests.ts';
import { inScratchFolder } from './scratch-folder.ts';
import type { ScratchFolder } from './scratch-folder.ts';
import { compilerSlots } from './slots.ts';

/** Built-ins that tests may use besides: they answer the same every time, and reach nothing. */
const FOR_TESTS = ['print', 'internal.print', 'sprintf', 'json.patch', 'json.marshal', 'json.unmarshal'];

/**
 * Compiles a stack of layers: sizes, syntax, layers and formatting, types, tests, WASM. Every problem of a stage is reported, and a stage
 * begins only where those before it found no error. opa runs as a process with bounded time, memory and output; at most two compilations
 * run at once. Nothing of the caller's environment reaches it, and its folder is removed.
 *
 * @throws CompileError `opa_unavailable`, `compiler_busy`, `compiler_failed`; the reason of `signal`
 */
export const compilePolicy: CompilePolicy = async (options) => {
  const started = performance.now();
  const report = await compilerSlots.run(() => compile(options), options.signal);
  return { ...report, took_ms: Math.round(performance.now() - started) };
};

type Report = Omit<CompileReport, 'took_ms'>;

async function compile(options: CompileOptions): Promise<Report> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const tooLarge = checkSizes(options.layers, limits);
  const files = filesOf(options.layers);
  return hasErrors(tooLarge)
    ? inScratchFolder([], async (folder) => failed(tooLarge, files, await knownOpa(options.opa, folder.sources)))
    : inScratchFolder(options.layers, async (folder) => compileIn(folder, options, limits, files));
}

async function compileIn(folder: ScratchFolder, options: CompileOptions, limits: CompileLimits, files: ReadonlyMap<string, string>): Promise<Report> {
  const opa = boundedOpa(options.opa, folder.sources, limits, options.signal);
  const known = await knownOpa(options.opa, folder.sources);
  const stage: Stage = { options, limits, files, opa, known, ...await capabilitiesFor(folder, options.capabilities, known), formatter: boundedOpa(options.opa, folder.formatting, limits, options.signal) };

  const { modules, problems: syntax, context } = await parse(stage);
  if (hasErrors(syntax)) return failed(syntax, files, known);

  const { problems: format, formatted } = await formatSources(stage.formatter, files, limits);
  const meaning = [...format, ...checkLayers(options.layers, modules), ...checkVerdicts(options.layers, modules), ...checkFields(modules, context.fields), ...checkValues(modules, context.fields), ...await checkAllTypes(stage, modules, context)];
  if (hasErrors(meaning)) return { ...failed(meaning, files, known), formatted };

  const checked = { ...failed(meaning, files, known), ok: true, formatted, rules: rulePlaces(options.layers, modules), reads: readsOf(modules) };
  if (options.until === 'types') return checked;

  const { tests, problems: testing } = await runTests(opa, stage.testCapabilities, files, limits);
  if (hasErrors(testing)) return { ...failed([...meaning, ...testing], files, known), formatted, tests };
  const coverage = tests.length === 0 ? null : await readCoverage(opa, stage.testCapabilities, options.layers, limits);
  const tested = { ...checked, problems: withLines([...meaning, ...testing], files), tests, coverage };
  if (options.until === 'tests') return tested;

  const { wasm, problems: building } = await buildWasm(opa, options.capabilities, [...files.keys()].filter((file) => !isTestFile(file)), limits);
  return hasErrors(building) ? { ...failed([...meaning, ...testing, ...building], files, known), formatted, tests, coverage } : { ...tested, wasm };
}

/** What the stages share. */
interface Stage {
  readonly options: CompileOptions;
  readonly limits: CompileLimits;
  readonly files: ReadonlyMap<string, string>;
  readonly opa: Opa;
  readonly formatter: Opa;
  readonly known: KnownOpa;
  readonly allowed: ReadonlySet<string>;
  /** Paths of the files. None of them lets anything reach the network. */
  readonly testCapabilities: string;
  readonly allCapabilities: string;
}

async function capabilitiesFor(folder: ScratchFolder, file: string, known: KnownOpa): Promise<Pick<Stage, 'allowed' | 'testCapabilities' | 'allCapabilities'>> {
  const capabilities = JSON.parse(await readFile(file, 'utf8')) as Capabilities;
  const forTests = known.capabilities.builtins.filter(({ name }) => FOR_TESTS.includes(name));
  return {
    allowed: new Set(capabilities.builtins.map(({ name }) => name)),
    testCapabilities: await folder.write('test-capabilities.json', JSON.stringify({ ...capabilities, builtins: [...capabilities.builtins, ...forTests] })),
    allCapabilities: await folder.write('all-capabilities.json', JSON.stringify({ ...known.capabilities, allow_net: [] })),
  };
}

async function parse({ opa, files, limits, options, known, allowed }: Stage): Promise<{ modules: Map<string, ModuleFacts>; problems: FoundProblem[]; context: ErrorContext }> {
  const parsed = await parseSources(opa, files, limits);
  const modules = new Map(parsed.flatMap(({ facts }) => (facts === null ? [] : [[facts.file, facts] as const])));
  const context: ErrorContext = { files, modules, fields: await readInputFields(options.inputSchema), builtins: new Set(known.capabilities.builtins.map(({ name }) => name)), allowed };
  return { modules, context, problems: parsed.flatMap(({ errors, problems }) => [...problems, ...errors.map((error) => explainError(error, context))]) };
}

/** Sources with the built-ins that policy may use, then tests with some more. What a schema annotation would read is refused first. */
async function checkAllTypes(stage: Stage, modules: ReadonlyMap<string, ModuleFacts>, context: ErrorContext): Promise<FoundProblem[]> {
  if ([...modules.values()].some(({ annotatesSchemas }) => annotatesSchemas)) return [];
  const sources = [...stage.files.keys()].filter((file) => !isTestFile(file));
  const found = await checkWith(stage, stage.options.capabilities, sources, context);
  if (hasErrors(found) || sources.length === stage.files.size) return found;
  return checkWith(stage, stage.testCapabilities, [...stage.files.keys()], context);
}

/** OPA looks at types only once it knows every function: with errors it is asked again with all that it has, so that one round shows both. */
async function checkWith({ opa, limits, options: { inputSchema }, allCapabilities }: Stage, capabilities: string, paths: readonly string[], context: ErrorContext): Promise<FoundProblem[]> {
  const found = await checkTypes(opa, { inputSchema, capabilities, paths }, context, limits);
  return hasErrors(found) ? [...found, ...await checkTypes(opa, { inputSchema, capabilities: allCapabilities, paths }, context, limits)] : found;
}

/** The facts that somebody has to look up before these sources can be asked. */
function readsOf(modules: ReadonlyMap<string, ModuleFacts>): string[] {
  const sources = [...modules.values()].filter(({ file }) => !isTestFile(file));
  return FACT_NAMES.filter((name) => sources.some((facts) => readsInput(facts, name))).sort();
}

function failed(problems: readonly FoundProblem[], files: ReadonlyMap<string, string>, known: KnownOpa): Report {
  return { ok: false, problems: withLines(problems, files), formatted: {}, tests: [], coverage: null, wasm: null, rules: {}, reads: [], opa_version: known.version };
}
