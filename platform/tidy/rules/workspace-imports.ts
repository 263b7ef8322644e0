import { posix } from 'node:path';
import type { ParsedModule } from '../modules.ts';
import { isTest, type Violation } from '../tree.ts';

/**
 * Who may import whom (docs/architecture.md, "The house"). The planes, the agent, the console and the command line
 * never import one another: they meet in contracts, in Postgres and on the queue.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  contracts: [],
  platform: ['contracts'],
  connectors: ['contracts', 'platform'],
  policies: ['contracts', 'platform'],
  'execution-plane': ['contracts', 'platform', 'connectors'],
  agent: ['contracts', 'platform', 'connectors'],
  'control-plane': ['contracts', 'platform'],
  'global-router': ['contracts', 'platform'],
  witness: ['contracts', 'platform'],
  web: ['contracts'],
  cli: ['contracts'],
  // These stand outside of the product: the first starts its processes, the second measures them.
  iac: ['contracts', 'platform', 'connectors', 'policies', 'control-plane', 'execution-plane', 'agent', 'cli', 'global-router', 'witness'],
  bench: ['contracts', 'platform', 'connectors', 'policies', 'control-plane', 'execution-plane', 'agent', 'cli', 'global-router', 'witness'],
};

/** npm names a workspace by its package, we by its folder. */
const FOLDER_OF_PACKAGE: Record<string, string> = { local: 'iac' };

export function workspaceImports(modules: readonly ParsedModule[]): Violation[] {
  return modules.flatMap((module) => {
    const from = topFolder(module.path);
    const allowed = MAY_IMPORT[from];
    if (allowed === undefined) return [];
    return module.imports.flatMap(({ specifier, line }) => {
      const to = targetWorkspace(module.path, specifier);
      if (to === undefined || to === from || allowed.includes(to)) return [];
      // The decision vectors are one set for Rego and for TypeScript.
      if (to === 'policies' && isTest(module.path)) return [];
      const message = `${from} may import ${allowed.join(', ') || 'no other workspace'}, not ${to} ("${specifier}")`;
      return [{ rule: 'workspace-imports', path: module.path, line, message }];
    });
  });
}

/** The workspace folder an import leads to, or undefined for packages from npm, Node's own, and files of the root. */
function targetWorkspace(path: string, specifier: string): string | undefined {
  const ours = /^@countersign\/([^/]+)/.exec(specifier);
  if (ours?.[1] !== undefined) return FOLDER_OF_PACKAGE[ours[1]] ?? ours[1];
  if (!specifier.startsWith('.')) return undefined;
  const target = topFolder(posix.join(posix.dirname(path), specifier));
  return target in MAY_IMPORT ? target : undefined;
}

function topFolder(path: string): string {
  return path.split('/')[0] ?? '';
}
