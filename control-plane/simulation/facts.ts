import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { readManifest } from '@countersign/platform/opa/bundle/contents.ts';

/** The facts that the rules of a bundle read. */
export function factsReadBy(files: BundleFiles): readonly string[] {
  return readManifest(files).metadata.countersign.reads;
}

/** Of these, what `input` does not have: a decision point would deny, `facts_unavailable`. */
export function missingFacts(files: BundleFiles, input: Readonly<Record<string, unknown>>): string[] {
  return factsReadBy(files).filter((name) => !(name in input));
}
