import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Obligations, Outcome, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import { parseStrict } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { Probe } from '@countersign/platform/opa/bundle/contents.ts';
import { SHIPPED_SET } from '../sets.ts';
import type { PolicySet } from '../sets.ts';

/** One input and what policy must say to it. OPA runs the same files by `vectors_test.rego`. */
export interface Vector {
  readonly name: string;
  readonly input: PolicyInput;
  readonly expect: { readonly outcome: Outcome; readonly rules: readonly string[]; readonly obligations: Obligations };
  /** The data of layers and packs, as it stands at `data.countersign.config`. */
  readonly config: JsonValue;
  /** Also goes into the bundle: an instance must give this answer before it decides anything. */
  readonly probe: boolean;
}

interface VectorFile {
  readonly [set: string]: {
    /** The packs that decide; without it those of the shipped set. */
    readonly packs?: readonly string[];
    readonly config?: JsonValue;
    readonly base: JsonValue;
    readonly cases: ReadonlyArray<{ readonly name: string; readonly with: JsonValue; readonly expect: Vector['expect']; readonly probe?: boolean }>;
  };
}

/** The vectors of one compiled set. A bundle has no data before it is put together for somebody, so probes are vectors without any. */
export async function readVectors(of: PolicySet = SHIPPED_SET): Promise<Vector[]> {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.json')).sort();
  const files = await Promise.all(names.map(async (name) => parseStrict(await readFile(join(import.meta.dirname, name)))));
  const sets = files.flatMap((file) => Object.entries(file as unknown as VectorFile));
  return sets.filter(([, { packs }]) => isSame(packs ?? SHIPPED_SET.packs, of.packs)).flatMap(([set, { base, config, cases }]) =>
    cases.map((vector) => ({
      name: `${set}: ${vector.name}`,
      input: union(base, vector.with) as unknown as PolicyInput,
      expect: vector.expect,
      config: config ?? {},
      probe: vector.probe === true && config === undefined,
    })));
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}

export function probesOf(vectors: readonly Vector[]): Probe[] {
  return vectors.filter(({ probe }) => probe).map(({ input, expect }) => ({ input: input as unknown as JsonValue, outcome: expect.outcome }));
}

/** Rego's `object.union`: objects are merged, anything else is replaced. */
function union(a: JsonValue, b: JsonValue): JsonValue {
  if (!isObject(a) || !isObject(b)) return b;
  const merged = { ...a };
  for (const [key, value] of Object.entries(b)) merged[key] = key in a ? union(a[key] ?? null, value) : value;
  return merged;
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
