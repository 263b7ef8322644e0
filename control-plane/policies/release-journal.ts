import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { AuditData, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import type { PolicyReleaseState } from '@countersign/contracts/states/transitions.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { rememberMade } from '../api/idempotency.ts';
import type { Repeatable } from '../api/idempotency.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { programsOfPerson } from '../machines/repository-secret-holders.ts';
import type { BundlePublisher, PublishedBundle } from './bundle-publisher.ts';
import { releaseOf } from './find-release.ts';
import type { PolicyGates } from './policy-gates.ts';
import type { PreparedRelease } from './release-preparation.ts';
import { lockEnvironment } from './repository-bundles.ts';
import { endBundles, insertRelease, releaseBlocked, supersede, withdraw } from './repository-releases.ts';
import type { ReleaseRow } from './repository-releases.ts';
import { stackOfRelease } from './stacks-in-force.ts';
import type { StacksInForce } from './stacks-in-force.ts';

type GateReport = components['schemas']['PolicyGateReport'];

export interface ReleaseJournalParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly gates: PolicyGates;
  readonly inForce: StacksInForce;
  readonly publisher: BundlePublisher;
}

/** What changed together: the release, the one before it, the signed bundle and the audit commit together, with the environment locked. */
export class ReleaseJournal {
  readonly #parts: ReleaseJournalParts;

  constructor(parts: ReleaseJournalParts) {
    this.#parts = parts;
  }

  /** Puts a prepared release in force, or keeps it as blocked where its gate says so; gives its id. @throws ApiError `policy_release_raced`, `policy_replay_required` */
  async record(prepared: PreparedRelease, request: Repeatable): Promise<string> {
    const { principal } = request;
    const { tenantId } = principal;
    const { environment, mode } = prepared;
    const recorded = await this.#parts.database.forTenant(tenantId, async (tx) => {
      await tx.one(lockEnvironment, [tenantId, environment.id]);
      const id = newId('policy_release');
      const before = await rememberMade(tx, request, id);
      if (before !== undefined) return { id: before, state: null, bundle: null };
      await this.#refuseRaced(tx, principal, { environment_id: environment.id, mode }, prepared.onReleaseId);
      await this.#insert(tx, principal, id, prepared, await this.#askGate(tx, principal, prepared));
      const release = await releaseOf(tx, principal, id);
      if (release.state === 'released') return { id, state: release.state, bundle: await this.#publish(tx, principal, release) };
      await this.#audit(tx, principal, 'policy.release_blocked', release, { ...exceededOf(release), replay_id: release.replay_id, reason_digest: digestOf(release.reason) });
      return { id, state: release.state, bundle: null };
    });
    if (recorded.state !== null) this.#announce(principal, recorded.id, recorded.state, recorded.bundle);
    return recorded.id;
  }

  /** Puts a blocked release in force all the same. @throws ApiError `policy_own_release`, `policy_release_state`, `policy_release_raced`, `forbidden` */
  async override(principal: Principal, id: string, reason: string): Promise<void> {
    const bundle = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const blocked = await this.#locked(tx, principal, id);
      if (principal.kind !== 'person') throw new ApiError('forbidden', 'A gate is overridden by a person, not by a service.');
      if (blocked.requested_by === principal.id) throw new ApiError('policy_own_release', `You asked for release ${blocked.number} of ${blocked.environment}.`);
      if ((await programsOfPerson(tx, principal.tenantId, principal.id)).has(blocked.requested_by)) throw new ApiError('policy_own_release', `A program asked for release ${blocked.number} of ${blocked.environment} that you have made or rotated a key, a client or a federation of.`);
      if (blocked.state !== 'blocked') throw wrongState(blocked);
      await this.#refuseRaced(tx, principal, blocked, blocked.on_release_id);
      const at = this.#parts.clock.now();
      await tx.change(supersede, [principal.tenantId, blocked.environment_id, blocked.mode, principal.id, at]);
      await tx.change(releaseBlocked, [principal.tenantId, id, principal.id, reason, at]);
      await this.#audit(tx, principal, 'policy.gate_overridden', blocked, { ...exceededOf(blocked), requested_by: blocked.requested_by, reason_digest: digestOf(reason) });
      return this.#publish(tx, principal, blocked);
    });
    this.#announce(principal, id, 'released', bundle);
  }

  /** Ends a shadow release, or gives up a blocked one. @throws ApiError `policy_release_state` */
  async withdraw(principal: Principal, id: string, reason: string): Promise<void> {
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const release = await this.#locked(tx, principal, id);
      const at = this.#parts.clock.now();
      if (await tx.change(withdraw, [principal.tenantId, id, principal.id, reason, at]) === 0) throw wrongState(release);
      await tx.change(endBundles, [principal.tenantId, id, at]);
      await this.#audit(tx, principal, 'policy.release_withdrawn', release, { was: release.state, reason_digest: digestOf(reason) });
    });
    this.#announce(principal, id, 'withdrawn', null);
  }

  /** The release as it is once nobody else can change it. */
  async #locked(tx: Transaction, principal: Principal, id: string): Promise<ReleaseRow> {
    const { environment_id } = await releaseOf(tx, principal, id);
    await tx.one(lockEnvironment, [principal.tenantId, environment_id]);
    return releaseOf(tx, principal, id);
  }

  /** A release was made, and its difference shown, on top of what was in force then. */
  async #refuseRaced(tx: Transaction, { tenantId }: Principal, place: { readonly environment_id: string; readonly mode: BundleMode }, onReleaseId: string | null): Promise<void> {
    const now = await this.#parts.inForce.releaseOf(tx, tenantId, place.environment_id, place.mode);
    if ((now?.id ?? null) === onReleaseId) return;
    const what = now === undefined ? 'nothing is in force there any more' : `release ${now.number} (${now.id}) is in force there by now`;
    throw new ApiError('policy_release_raced', `It was made on top of ${onReleaseId ?? 'what is shipped'}, and ${what}.`);
  }

  /** What decides beside binds nobody, and going back to what ran must not wait for a replay. */
  async #askGate(tx: Transaction, { tenantId, workspaceId }: Principal, { environment, mode, kind, compiled, replayId }: PreparedRelease): Promise<GateReport | null> {
    if (mode === 'shadow' || kind === 'rollback') return null;
    return this.#parts.gates.ask(tx, { tenantId, workspaceId }, { environmentId: environment.id, stackDigest: compiled.stackDigest }, replayId);
  }

  async #insert(tx: Transaction, { tenantId, id: principalId }: Principal, id: string, prepared: PreparedRelease, gate: GateReport | null): Promise<void> {
    const { environment, mode, kind, wanted, compiled, diffKey, reason, replayId, onReleaseId } = prepared;
    const { layer, version, fromReleaseId, stack } = wanted;
    const at = this.#parts.clock.now();
    const state = gate === null || gate.passed ? 'released' : 'blocked';
    if (state === 'released') await tx.change(supersede, [tenantId, environment.id, mode, principalId, at]);
    await tx.change(insertRelease, [tenantId, id, environment.workspace_id, environment.id, mode, kind, layer, version, fromReleaseId, onReleaseId, JSON.stringify(stack.packs), stack.tenant, stack.workspace, stack.environment,
      compiled.stackDigest, compiled.partsKey, diffKey, state, reason, principalId, at, replayId, gate === null ? null : JSON.stringify(gate)]);
  }

  /** Signs what is in force now, which is this release. */
  async #publish(tx: Transaction, principal: Principal, release: ReleaseRow): Promise<PublishedBundle | null> {
    const bundle = await this.#parts.publisher.publishIn(tx, principal.tenantId, release);
    await this.#audit(tx, principal, 'policy.released', release, {
      kind: release.kind, stack: { ...stackOfRelease(release) }, stack_digest: release.stack_digest, from_release_id: release.from_release_id, replay_id: release.replay_id,
      requested_by: release.requested_by, reason_digest: digestOf(release.reason), bundle_id: bundle?.id ?? null, seq: bundle?.seq ?? null,
    });
    return bundle;
  }

  async #audit(tx: Transaction, principal: Principal, type: AuditEventType, release: ReleaseRow, data: AuditData): Promise<void> {
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id: release.workspace_id, run_id: null,
      actor: actorOf(principal), subject: { kind: 'policy_release', id: release.id }, data: { environment: release.environment, mode: release.mode, number: release.number, ...data },
    });
  }

  #announce({ tenantId, workspaceId }: Principal, id: string, state: PolicyReleaseState, bundle: PublishedBundle | null): void {
    if (bundle !== null) this.#parts.publisher.announce(tenantId, bundle);
    this.#parts.notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'policy', id, state });
  }
}

/** What people typed stays out of the trail: digests of it are in it. */
function exceededOf({ gate }: ReleaseRow): { exceeded: string[] } {
  return { exceeded: gate?.exceeded.map(({ field }) => field.slice(1)) ?? [] };
}

function wrongState({ number, environment, mode, state }: ReleaseRow): ApiError {
  return new ApiError('policy_release_state', `Release ${number} of ${environment} is ${state}, in mode ${mode}.`);
}
