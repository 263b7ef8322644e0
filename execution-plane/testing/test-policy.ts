import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { FactName, Outcome } from '@countersign/contracts/policy/decision.ts';
import { assembleBundle } from '@countersign/platform/opa/bundle/parts.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { readTar } from '@countersign/platform/opa/bundle/tar.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { findOpa } from '../../policies/opa-command.ts';

/** What a bundle of the test policy does; it stands in the bundle's data, so that one compiled policy is many. */
export interface TestPolicy {
  readonly outcome: Outcome;
  readonly obligations?: { readonly [name: string]: string | number };
  /** Denies once so many calls of the action were allowed within a minute. */
  readonly most_per_minute?: number;
  /** Computes for minutes. */
  readonly loops?: boolean;
}

const SOURCE = `package countersign

default decision := {"outcome": "DENY", "reasons": [{"rule": "test/nothing_asked", "message": "Nothing was asked"}], "obligations": {}}

decision := {"outcome": outcome, "reasons": [{"rule": "test/as_told", "message": "As the test says"}], "obligations": obligations} if {
	input.action
	not loops_for_ever
}

loops_for_ever if {
	data.test.loops
	contains(data.test.haystack, data.test.needle)
}

default obligations := {}

obligations := data.test.obligations if not enough

default enough := false

enough if input.counters.action.minute >= data.test.most_per_minute

outcome := "DENY" if enough

outcome := data.test.outcome if not enough
`;

/** Searching the one in the other takes minutes and no memory, which would end it sooner. */
const MINUTES_OF_WORK = { haystack: 'a'.repeat(500_000), needle: `${'a'.repeat(250_000)}b` };

let compiled: Promise<Uint8Array> | undefined;

/** The files of a bundle that decides as `policy` says. Compiled by OPA, once for a test file. */
export async function testPolicyFiles(policy: TestPolicy, reads: readonly FactName[] = []): Promise<BundleFiles> {
  const wasm = await (compiled ??= compile());
  const source = Buffer.from(SOURCE);
  const description = {
    name: 'test', opa_version: 'test', entrypoint: 'countersign/decision', roots: ['countersign', 'test'], sources: { 'policy.rego': digestOfBytes(source) },
    wasm: digestOfBytes(wasm), probes: [], reads,
  };
  return assembleBundle({ description, sources: new Map([['policy.rego', source]]), wasm }, `test-${policy.outcome}`, { test: { ...policy, ...(policy.loops === true ? MINUTES_OF_WORK : {}) } satisfies { readonly [name: string]: unknown } });
}

async function compile(): Promise<Uint8Array> {
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-test-policy-'));
  try {
    await writeFile(join(scratch, 'policy.rego'), SOURCE);
    const bundle = join(scratch, 'bundle.tar.gz');
    await promisify(execFile)(await findOpa(), ['build', '-t', 'wasm', '-e', 'countersign/decision', '-o', bundle, join(scratch, 'policy.rego')]);
    return new Map(readTar(gunzipSync(await readFile(bundle)))).get('/policy.wasm') ?? new Uint8Array();
  } finally {
    await rm(scratch, { recursive: true });
  }
}
