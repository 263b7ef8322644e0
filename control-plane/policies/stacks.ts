import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import { packBundle, unpackBundle } from '@countersign/platform/opa/bundle/archive.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import type { BundleContents } from './bundle-contents.ts';
import { LAYER_KINDS } from './layers.ts';
import type { PlatformSources } from './platform-sources.ts';
import type { PolicyCompiler } from './policy-compiler.ts';
import { stackDigestOf } from './stack-sources.ts';
import type { StackSources } from './stack-sources.ts';

type PolicyReport = components['schemas']['PolicyReport'];

/** A stack that compiles, in the object store: an unsigned bundle, which says nothing yet of a release. */
export interface CompiledStack {
  readonly stackDigest: string;
  readonly partsKey: string;
}

export interface StacksParts {
  readonly objects: Objects;
  readonly platform: PlatformSources;
  readonly compiler: PolicyCompiler;
  readonly contents: BundleContents;
}

/** Compiles stacks, and keeps what came of them under the digest of what they are written in. */
export class Stacks {
  readonly #objects: Objects;
  readonly #platform: PlatformSources;
  readonly #compiler: PolicyCompiler;
  readonly #contents: BundleContents;

  constructor({ objects, platform, compiler, contents }: StacksParts) {
    this.#contents = contents;
    this.#objects = objects;
    this.#platform = platform;
    this.#compiler = compiler;
  }

  digestOf(sources: StackSources): string {
    return stackDigestOf(this.#platform, sources);
  }

  /** What the compiler says of a stack, good or bad. @throws ApiError `opa_unavailable`, `policy_compiler_busy` */
  async check(sources: StackSources): Promise<PolicyReport> {
    return (await this.#compiler.compile(sources)).report;
  }

  /**
   * The stack compiled. What is shipped or was compiled before is not compiled again, so that it can be had where OPA is missing.
   * @throws ApiError `policy_invalid`, `opa_unavailable`, `policy_compiler_busy`
   */
  async compiled(sources: StackSources): Promise<CompiledStack> {
    const stackDigest = this.digestOf(sources);
    const partsKey = `policy-parts/${stackDigest.slice('sha256:'.length)}.tar.gz`;
    if (!await this.#objects.has(partsKey)) {
      const files = this.#isShipped(sources) ? await this.#contents.filesOf(undefined) : await this.#compile(sources);
      await this.#objects.put(partsKey, packBundle(files)).catch(unlessThere);
    }
    return { stackDigest, partsKey };
  }

  async parts(partsKey: string): Promise<BundleFiles> {
    return unpackBundle(await this.#objects.get(partsKey));
  }

  async #compile(sources: StackSources): Promise<BundleFiles> {
    const { report, files } = await this.#compiler.compile(sources);
    if (files === null) throw invalid(report);
    return files;
  }

  /** That comes compiled. */
  #isShipped({ packs, layers }: StackSources): boolean {
    const shipped = this.#contents.shippedPacks;
    return LAYER_KINDS.every((kind) => layers[kind] === null) && packs.length === shipped.length && packs.every((name) => shipped.includes(name));
  }
}

/** Two that compile the same at once, with two versions of OPA, may get other bytes: the first stay. */
function unlessThere(error: unknown): void {
  if (!(error instanceof ObjectsError && error.code === 'object_exists')) throw error;
}

/** The errors of a report as the API answers them: `field` is the file. */
export function invalid(report: PolicyReport): ApiError {
  const errors = report.problems.filter(({ severity }) => severity === 'error').map((one): FieldProblem => ({
    field: one.file, code: one.code, message: one.fix === undefined ? one.message : `${one.message} ${one.fix}`, line: one.line, column: one.column,
  }));
  const [first] = errors;
  const where = first === undefined ? '' : ` The first, in ${first.field}:${first.line ?? 1}: ${first.message}`;
  return new ApiError('policy_invalid', `The policy has ${errors.length} error(s).${where}`, { errors });
}
