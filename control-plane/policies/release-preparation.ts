import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import type { BundleContents } from './bundle-contents.ts';
import { environmentOf } from './layers.ts';
import { diffText, filesThatDiffer, readableFiles } from './release-diff.ts';
import type { EnvironmentRow } from './repository-layers.ts';
import type { ReleaseRow } from './repository-releases.ts';
import { readStackSources } from './stack-sources.ts';
import type { StacksInForce } from './stacks-in-force.ts';
import { stackOfRelease } from './stacks-in-force.ts';
import type { CompiledStack, Stacks } from './stacks.ts';
import { wantedStack } from './wanted-stack.ts';
import type { WantedStack } from './wanted-stack.ts';

type Body = Call<'createPolicyRelease'>['body'];

/** A release that compiled, before anybody is told of it. */
export interface PreparedRelease {
  readonly environment: EnvironmentRow;
  readonly mode: BundleMode;
  readonly kind: Body['kind'];
  readonly wanted: WantedStack;
  readonly compiled: CompiledStack;
  readonly diffKey: string;
  readonly reason: string;
  readonly replayId: string | null;
  /** What it was prepared on: it is refused where another is in force by now. */
  readonly onReleaseId: string | null;
}

export interface ReleasePreparationParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly stacks: Stacks;
  readonly inForce: StacksInForce;
  readonly contents: BundleContents;
}

/** Works out what a release puts in force, and compiles it: outside of any transaction, because that takes seconds. */
export class ReleasePreparation {
  readonly #parts: ReleasePreparationParts;

  constructor(parts: ReleasePreparationParts) {
    this.#parts = parts;
  }

  async prepare(principal: Principal, body: Body): Promise<PreparedRelease> {
    const { database, objects, stacks, inForce, contents } = this.#parts;
    const { tenantId } = principal;
    const mode = body.mode ?? 'enforce';
    const begun = await database.forTenant(tenantId, async (tx) => {
      const environment = await environmentOf(tx, principal, body.environment_id);
      const wanted = await wantedStack(tx, principal, environment, body, inForce);
      const place = { tenantId, workspaceId: environment.workspace_id, environmentId: environment.id };
      const sources = await readStackSources(tx, objects, place, wanted.stack);
      const before = await inForce.releaseOf(tx, tenantId, environment.id, mode);
      refuseUnchanged(before, wanted, stacks.digestOf(sources), mode, environment);
      return { environment, wanted, sources, before, binding: await inForce.releaseOf(tx, tenantId, environment.id) };
    });
    const compiled = await stacks.compiled(begun.sources);
    const [parts, bindingFiles] = [await stacks.parts(compiled.partsKey), await contents.filesOf(begun.binding)];
    const diff = Buffer.from(diffText(filesThatDiffer(readableFiles(bindingFiles), readableFiles(parts))), 'utf8');
    const diffKey = `policy-diffs/${digestOfBytes(diff).slice('sha256:'.length)}.json`;
    await objects.put(diffKey, diff);
    const { environment, wanted, before } = begun;
    return { environment, mode, kind: body.kind, wanted, compiled, diffKey, reason: body.reason, replayId: body.replay_id ?? null, onReleaseId: before?.id ?? null };
  }
}

function refuseUnchanged(before: ReleaseRow | undefined, { stack }: WantedStack, stackDigest: string, mode: BundleMode, environment: EnvironmentRow): void {
  const sameVersions = before !== undefined && JSON.stringify(versions(stackOfRelease(before))) === JSON.stringify(versions(stack));
  if (!sameVersions || before.stack_digest !== stackDigest) return;
  throw new ApiError('policy_release_unchanged', `Release ${before.number} of ${environment.name}${mode === 'shadow' ? ' in mode shadow' : ''} (${before.id}) is this already.`);
}

function versions({ packs, tenant, workspace, environment }: WantedStack['stack']): unknown[] {
  return [[...packs].sort(), tenant, workspace, environment];
}
