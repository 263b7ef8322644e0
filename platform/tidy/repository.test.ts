import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE } from '@countersign/contracts/errors/catalogue.ts';
import { toolEnvironment } from './config.ts';
import { GENERATED_FILES } from './generated-files.ts';
import { parseModules } from './modules.ts';
import { agentReach } from './rules/agent-reach.ts';
import { bannedImports } from './rules/banned-imports.ts';
import { connectorNames } from './rules/connector-names.ts';
import { declaredPackages, pinnedVersions, readManifests, usedPackages } from './rules/dependencies.ts';
import { docLinks } from './rules/doc-links.ts';
import { catalogueInUse } from './rules/error-catalogue.ts';
import { importCycles } from './rules/import-cycles.ts';
import { barrels, bareErrors, disabledTests, environmentReads } from './rules/source-code.ts';
import { fileSizes, folderNames, generatedFiles, machinePaths, openEnds, workspaceReadmes } from './rules/source-text.ts';
import { workspaceImports } from './rules/workspace-imports.ts';
import { listPaths, readTree, violationText, type Violation } from './tree.ts';
import { applyWaivers, MAX_WAIVERS, readWaivers } from './waivers.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const files = await readTree(root);
const paths = await listPaths(root);
const modules = parseModules(files);
const workspaces = (JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { workspaces: string[] }).workspaces;
const manifests = readManifests(files, workspaces);
const waivers = await readWaivers();

/** Each rule with the name that its violations and waivers carry. */
const rules: Record<string, () => Violation[]> = {
  'workspace-imports': () => workspaceImports(modules),
  'import-cycles': () => importCycles(modules),
  'banned-imports': () => bannedImports(modules),
  'agent-reach': () => agentReach(modules),
  'environment-reads': () => environmentReads(modules),
  'connector-names': () => connectorNames(files, modules),
  barrels: () => barrels(modules),
  'disabled-tests': () => disabledTests(modules),
  'bare-errors': () => bareErrors(modules),
  'file-sizes': () => fileSizes(files),
  'folder-names': () => folderNames(files),
  'open-ends': () => openEnds(files),
  'machine-paths': () => machinePaths(files),
  'workspace-readmes': () => workspaceReadmes(files, workspaces),
  'pinned-versions': () => pinnedVersions(manifests),
  'declared-packages': () => declaredPackages(manifests, modules),
  'used-packages': () => usedPackages(manifests, modules),
  'doc-links': () => docLinks(files, paths),
  'error-catalogue': () => catalogueInUse(modules, Object.keys(ERROR_CATALOGUE)),
  'generated-files': () => generatedFiles(paths, GENERATED_FILES.flatMap((group) => group.files)),
};

describe('the repository keeps its rules', () => {
  it('is read at all', () => {
    expect(modules.map(({ path }) => path)).toContain('platform/tidy/repository.test.ts');
    expect(manifests.length).toBe(workspaces.length + 1);
  });

  it.each(Object.keys(rules))('%s', (rule) => {
    const violations = rules[rule]?.() ?? [];
    const left = applyWaivers(violations, waivers.filter((waiver) => waiver.rule === rule));
    expect(left.map(violationText)).toEqual([]);
  });

  it('waives known rules only, and not more than before', () => {
    expect(waivers.map(({ rule }) => rule).filter((rule) => !(rule in rules))).toEqual([]);
    expect(waivers.length).toBeLessThanOrEqual(MAX_WAIVERS);
  });
});

describe('generated files are what their command would write', () => {
  // Those that need OPA are a stage of `npm test`, after OPA was seen to.
  const checkable = GENERATED_FILES.filter(({ needsOpa }) => needsOpa !== true);
  it.each(checkable.map(({ files: made, check }) => [made.join(', '), check] as const))('%s', async (made, [program, ...args]) => {
    const checked = await run(program, args, { cwd: root, env: toolEnvironment(root), timeout: 120_000 }).then(() => 'up to date', (error: unknown) => error);
    expect(checked, `${made} is behind: run "npm run generate"`).toBe('up to date');
  }, 150_000);
});
