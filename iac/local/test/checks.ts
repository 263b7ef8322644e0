import { join } from 'node:path';
import { GENERATED_FILES } from '@countersign/platform/tidy/generated-files.ts';
import { ensureConsole } from '../cell/console-build.ts';
import { ensureOpa } from '../opa/ensure-opa.ts';
import { TestRunError } from './errors.ts';
import type { StageReport } from './report.ts';
import type { Tools } from './tools.ts';

/** Everything that is checked without running the product: policies, types, style, contracts, the console's build. */
export async function runChecks(report: StageReport, tools: Tools, root: string): Promise<void> {
  const opa = await report.stage('opa at the pinned version', (note) => findOpa(root, note));
  if (opa !== undefined) await checkPolicies(report, tools, opa);
  await report.stage('types (tsc)', () => tools.run('tsc', '--noEmit', '-p', 'tsconfig.json'));
  await report.stage('types of the console (tsc)', () => tools.run('tsc', '--noEmit', '-p', 'web/tsconfig.json'));
  await report.stage('lint (oxlint)', () => tools.run('oxlint', '--deny-warnings'));
  await report.stage('OpenAPI contract (redocly)', () => tools.run('redocly', 'lint', 'contracts/openapi/openapi.yaml'));
  await buildConsole(report);
}

/** The browser tests walk through what is built here, and the cells of tests serve it: none of them builds it again. */
export async function buildConsole(report: StageReport): Promise<void> {
  await report.stage('console build (vite)', (note) => ensureConsole(note, new AbortController().signal));
}

async function findOpa(root: string, note: (message: string) => void): Promise<string> {
  const opa = await ensureOpa({ cache_dir: join(root, '.cache'), exact: true, progress: note });
  if (opa.missing) throw new TestRunError('test_opa_missing', opa.how_to_get_it);
  return opa.path;
}

async function checkPolicies(report: StageReport, tools: Tools, opa: string): Promise<void> {
  await report.stage('opa fmt', () => tools.run(opa, 'fmt', '--diff', '--fail', 'policies'));
  await report.stage('opa check --strict', () => tools.run(opa, 'check', '--strict', '--schema', 'contracts/policy/input.schema.json', '--ignore', 'api', 'policies'));
  await report.stage('opa check --strict of what the API asks', () => tools.run(opa, 'check', '--strict', '--schema', 'contracts/policy/api-input.schema.json', 'policies/api'));
  await report.stage('opa test', () => tools.run(opa, 'test', 'policies'));
  for (const { files, check, needsOpa } of GENERATED_FILES) {
    if (needsOpa === true) await report.stage(`generated: ${files.join(', ')}`, () => tools.run(...check));
  }
}
