import path from 'node:path';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import type { CompileLayer, CompilePolicy } from '@countersign/platform/opa/compile/compile-options.ts';
import { CompileError } from '@countersign/platform/opa/compile/errors.ts';
import type { CompileReport } from '@countersign/platform/opa/compile/report.ts';
import type { Probe } from '@countersign/platform/opa/bundle/contents.ts';
import type { OpaFinder } from '@countersign/platform/opa/opa-finder.ts';
import { answeredProbes } from './answered-probes.ts';
import { LAYER_KINDS } from './layers.ts';
import type { PlatformSources } from './platform-sources.ts';
import { filesOf } from './stack-sources.ts';
import type { StackSources } from './stack-sources.ts';
import { dataOf, unsignedBundle } from './unsigned-bundle.ts';

type PolicyReport = components['schemas']['PolicyReport'];

export interface PolicyCompilerParts {
  readonly compile: CompilePolicy;
  readonly opa: OpaFinder;
  readonly platform: PlatformSources;
  /** The folder of the policies, which has the capabilities that sources are held to. */
  readonly policiesFolder: string;
  readonly inputSchema: string;
  /** Questions that are asked of every stack before it may become a release. */
  readonly probes: readonly Probe[];
}

export interface Compiled {
  readonly report: PolicyReport;
  /** An unsigned bundle; null where the report has errors. */
  readonly files: BundleFiles | null;
}

/** After this the queue of the compiler is shorter, or not. */
const RETRY_AFTER_S = 5;

/** Stacks in, reports and bundles out: OPA does the work in processes of its own, bounded in time, memory and number. */
export class PolicyCompiler {
  readonly #parts: PolicyCompilerParts;
  readonly #stopping = new AbortController();

  constructor(parts: PolicyCompilerParts) {
    this.#parts = parts;
  }

  /** @throws ApiError `opa_unavailable`, `policy_compiler_busy` */
  async compile(sources: StackSources): Promise<Compiled> {
    const { compile, opa, platform, policiesFolder, inputSchema, probes } = this.#parts;
    const found = await opa.find();
    if (found === null) throw unavailable();
    const report = await compile({ opa: found.path, layers: layersOf(platform, sources), capabilities: path.join(policiesFolder, 'capabilities.json'), inputSchema, signal: this.#stopping.signal }).catch(asApiError);
    const { wasm, ...shown } = report;
    if (wasm === null || !report.ok) return { report: plain(shown), files: null };
    const answered = await answeredProbes(wasm, dataOf(sources), probes);
    if ('problem' in answered) return { report: withoutDecision(plain(shown), answered.problem), files: null };
    return { report: plain(shown), files: unsignedBundle({ platform, sources, report, wasm, probes: answered.probes }) };
  }

  /** For good: what is being compiled ends, and says that it can be sent again. */
  stop(): void {
    this.#stopping.abort(new ApiError('unavailable', 'The control plane is being stopped. Nothing was stored: send it again.', { retryAfter_s: RETRY_AFTER_S }));
  }
}

function layersOf(platform: PlatformSources, sources: StackSources): CompileLayer[] {
  const files = [...filesOf(platform, sources, { tests: true })];
  const layer = (name: CompileLayer['name'], data: CompileLayer['data'] = {}): CompileLayer => ({ name, data, files: new Map(files.filter(([file]) => file.startsWith(`${name}/`))) });
  const own = LAYER_KINDS.flatMap((kind) => (sources.layers[kind] === null ? [] : [layer(kind, sources.layers[kind].data)]));
  return [layer('base'), ...sources.packs.map((name) => layer(`packs/${name}`)), ...own];
}

/** Only what is asked shows it: each verdict is right by itself, and what they come to breaks the contract of decisions. */
function withoutDecision(report: PolicyReport, problem: string): PolicyReport {
  const message = `A plain question gets no decision: ${problem}. Every such call would be denied.`;
  return { ...report, ok: false, problems: [...report.problems, { code: 'no_decision', severity: 'error', file: '', line: 0, column: 0, text: '', message }] };
}

function asApiError(error: unknown): never {
  if (!(error instanceof CompileError)) throw error;
  if (error.code === 'opa_unavailable') throw unavailable(error);
  if (error.code === 'compiler_busy') throw new ApiError('policy_compiler_busy', error.message, { retryAfter_s: RETRY_AFTER_S, cause: error });
  throw error;
}

function unavailable(cause?: unknown): ApiError {
  return new ApiError('opa_unavailable', 'The control plane finds no opa: neither where COUNTERSIGN_OPA says, nor on its PATH, nor in its .cache. Run `npm run setup:opa` and send it again.', { cause });
}

/** The report as the API answers it: arrays of its own, which may be changed. */
function plain(report: Omit<CompileReport, 'wasm'>): PolicyReport {
  return JSON.parse(JSON.stringify(report)) as PolicyReport;
}

