import { packageName } from './banned-imports.ts';
import { resolveOurs, type ParsedModule } from '../modules.ts';
import { isTest, type Violation } from '../tree.ts';

const ENTRIES = /^agent\//;
/** Code that a customer would have on their machine and never use. Databases and clouds are the cell's. */
const FOREIGN_PACKAGES = /^(pg|knex|express|@aws-sdk\/.+|@slack\/.+|ioredis|prom-client|@opentelemetry\/.+|@marcbachmann\/cel-js)$/;
const FOREIGN_FOLDERS = /^(control-plane|execution-plane|global-router|witness|web|cli|iac)\//;

/** What the agent is made of, followed over imports: the import rule alone would let a folder of the platform bring a database along. */
export function agentReach(modules: readonly ParsedModule[]): Violation[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const reached = new Map(modules.filter(({ path }) => ENTRIES.test(path) && !isTest(path)).map(({ path }) => [path, path]));
  const found: Violation[] = [];
  for (const [path, by] of reached) {
    for (const { specifier, line, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (typeOnly) continue;
      const target = resolveOurs(path, specifier);
      if (FOREIGN_FOLDERS.test(target ?? '') || (target === undefined && FOREIGN_PACKAGES.test(packageName(specifier)))) {
        found.push({ rule: 'agent-reach', path, line, message: `"${specifier}" would be in the agent's binary, by way of ${by}` });
      } else if (target !== undefined && byPath.has(target) && !reached.has(target)) {
        reached.set(target, by);
      }
    }
  }
  return found;
}
