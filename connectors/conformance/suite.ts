import type { Bench } from './bench.ts';
import { egressChecks } from './checks/egress.ts';
import { errorChecks } from './checks/errors.ts';
import { manifestChecks } from './checks/manifest.ts';
import { outputChecks } from './checks/outputs.ts';
import { writeChecks } from './checks/writes.ts';

/** One promise that a connector makes. `run` throws `ConformanceFailure` where it is broken. */
export interface ConformanceCheck {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * Everything that every connector promises, as checks of this one: run them in order, one at a time. No test framework is assumed:
 * `conformance.test.ts` runs them for all that is shipped, `countersign connector test` for an author's package.
 */
export function conformanceChecks(bench: Bench): ConformanceCheck[] {
  const checks = [...manifestChecks(bench), ...outputChecks(bench), ...egressChecks(bench), ...errorChecks(bench), ...writeChecks(bench)];
  return checks.map(({ name, run }) => ({
    name,
    run: async () => {
      try {
        await run();
      } finally {
        await bench.endCheck();
      }
    },
  }));
}
