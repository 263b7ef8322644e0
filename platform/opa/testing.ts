import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { digestOfBytes } from '../canonical-json/canonicalize.ts';
import type { JsonValue } from '../canonical-json/parse-strict.ts';
import { assembleBundle } from './bundle/parts.ts';
import type { BundleParts, BundleRelease, PartsDescription } from './bundle/parts.ts';
import { signBundle } from './bundle/sign.ts';
import { SCOPE, TENANT, testClaims, testKey } from './bundle/testing.ts';
import { readTar } from './bundle/tar.ts';
import { createPdp } from './pdp.ts';
import type { Pdp } from './pdp.ts';
import type { PdpOptions } from './pdp-options.ts';
import { findOpa } from '../../policies/opa-command.ts';
import { readVectors } from '../../policies/vectors/read-vectors.ts';

/** A policy that somebody might write on a bad day: what it does depends on the parameters. Its answers say which question they are for. */
export const BAD_DAY_POLICY = `package countersign

default decision := {"outcome": "DENY", "reasons": [{"rule": "test/nothing_asked", "message": "nothing was asked"}], "obligations": {}}

decision := answer(input.parameters.n) if input.parameters.do == "answer"

decision := answer(data.known) if input.parameters.do == "data"

# Minutes of comparing that need no memory.
decision := answer("contains") if {
	input.parameters.do == "loop"
	contains(input.parameters.haystack, input.parameters.needle)
}

decision := answer("eaten") if {
	input.parameters.do == "eat memory"
	count(numbers.range(1, 100000000)) > 0
}

# Some milliseconds.
decision := answer("dawdled") if {
	input.parameters.do == "dawdle"
	sum(numbers.range(1, 20000)) > 0
}

decision := answer("counted") if {
	input.parameters.do == "count"
	input.counters.action.minute == 2
	input.budget.run.spent_micro_usd == 5
}

answer(what) := {"outcome": "ALLOW", "reasons": [{"rule": "test/answered", "message": what}], "obligations": {}}
`;

export const LOOP = { do: 'loop', haystack: 'a'.repeat(500_000), needle: `${'a'.repeat(250_000)}b` };

const VECTOR = 'itsm: a write needs a person';
const vector = (await readVectors()).find(({ name }) => name === VECTOR);

/** An input that keeps the contract, with these parameters. */
export function inputWith(parameters: Readonly<Record<string, unknown>>): PolicyInput {
  if (vector === undefined) throw new TypeError(`there is no vector ${VECTOR}`);
  return { ...vector.input, parameters };
}

/** The WASM of one file of Rego, by the real compiler. */
export async function compileRego(source: string): Promise<Uint8Array> {
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-rego-'));
  try {
    await writeFile(join(scratch, 'policy.rego'), source);
    const bundle = join(scratch, 'bundle.tar.gz');
    await promisify(execFile)(await findOpa(), ['build', '-t', 'wasm', '-e', 'countersign/decision', '-o', bundle, join(scratch, 'policy.rego')]);
    return new Map(readTar(gunzipSync(await readFile(bundle)))).get('/policy.wasm') ?? new Uint8Array();
  } finally {
    await rm(scratch, { recursive: true });
  }
}

export function partsOf(source: string, wasm: Uint8Array, description: Partial<PartsDescription> = {}): BundleParts {
  const bytes = Buffer.from(source, 'utf8');
  return {
    description: {
      name: 'test', opa_version: 'test', entrypoint: 'countersign/decision', roots: ['countersign', 'known'], probes: [],
      sources: { 'policy.rego': digestOfBytes(bytes) }, wasm: digestOfBytes(wasm), ...description,
    },
    sources: new Map([['policy.rego', bytes]]),
    wasm,
  };
}

const key = testKey('key_1');

interface StartedPdpOptions extends Partial<PdpOptions> {
  readonly data?: JsonValue;
  readonly release?: BundleRelease;
  /** Of the bundle that the source has now. */
  readonly seq?: () => number;
}

/** A decision point that has taken a signed bundle of these parts. */
export async function startedPdp(parts: BundleParts, { data = {}, release = {}, seq = () => 1, ...options }: StartedPdpOptions = {}): Promise<Pdp> {
  const now = new Date();
  const files = assembleBundle(parts, 'test', data, release);
  const pdp = createPdp({
    tenant: TENANT,
    scope: SCOPE,
    keys: key.verification,
    clock: { now: () => now },
    refresh_ms: 300_000,
    ttl_ms: 900_000,
    deadline_ms: 1_000,
    highestSeq: { get: async () => 0, put: async () => {} },
    source: {
      latest: async () => {
        const { bytes, digest } = await signBundle({ files, claims: testClaims(now, { seq: seq() }), key: key.signing });
        return { bytes, etag: digest };
      },
    },
    ...options,
  });
  await pdp.start();
  return pdp;
}
