import { EVERY_ROLE, OPERATION_PERMISSION, rolesWith, SECOND_PERSON_OPERATIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import type { SignInStrength } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import { etagOf, versionOf } from '../roles/role-definitions.ts';
import { knownPermissions } from '../roles/rights.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { auditBy } from './audit.ts';
import { anotherDecider, findSettings, putSettings } from './repository-settings.ts';
import type { SettingsRow } from './repository-settings.ts';

/** What a tenant demands on top of roles. */
export interface AuthorizationSettings {
  readonly fourEyes: readonly PermissionName[];
  readonly minStrength: Readonly<Partial<Record<PermissionName, SignInStrength>>>;
  readonly maxSignInAge_ms: Readonly<Partial<Record<PermissionName, number>>>;
  readonly breakGlassRoles: readonly string[];
  readonly breakGlassMax_ms: number;
  /** 0: nothing was ever set. */
  readonly version: number;
}

const NOTHING_SET: AuthorizationSettings = {
  fourEyes: [], minStrength: {}, maxSignInAge_ms: {}, breakGlassRoles: ['admin', 'operator', 'approver'], breakGlassMax_ms: 3_600_000, version: 0,
};
/** So long another control plane may go by what was set before. */
const KEPT_MS = 2_000;
const MOST_KEPT = 10_000;

/** Reads and changes what a tenant demands of whoever calls the API; policy judges by it. */
export class Settings {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly settings: AuthorizationSettings; readonly until_ms: number }>();

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Of a tenant, at most two seconds old. */
  async of(tenantId: string): Promise<AuthorizationSettings> {
    const kept = this.#kept.get(tenantId);
    if (kept !== undefined && performance.now() < kept.until_ms) return kept.settings;
    const settings = await this.#read(tenantId);
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(tenantId, { settings, until_ms: performance.now() + KEPT_MS });
    return settings;
  }

  async getAuthorization({ principal }: Call<'getAuthorization'>): Promise<Answer<'getAuthorization'>> {
    const settings = await this.#read(principal.tenantId);
    return { status: 200, headers: { etag: etagOf(settings) }, body: viewOf(settings) };
  }

  async putAuthorization({ principal, body, headers }: Call<'putAuthorization'>): Promise<Answer<'putAuthorization'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const fourEyes = knownPermissions(body.four_eyes, '/four_eyes');
    refuseUnused(fourEyes);
    knownPermissions(Object.keys(body.min_strength), '/min_strength');
    knownPermissions(Object.keys(body.max_sign_in_age_s), '/max_sign_in_age_s');
    refuseUnknownRoles(body.break_glass.roles);
    if (fourEyes.length > 0) await this.#refuseAlone(principal);
    const ages_ms = Object.fromEntries(Object.entries(body.max_sign_in_age_s).map(([name, age_s]) => [name, age_s * 1_000]));
    await this.#database.forTenant(tenantId, async (tx) => {
      const values = [fourEyes, body.min_strength, ages_ms, body.break_glass.roles, body.break_glass.max_duration_s * 1_000, principal.id];
      if (await tx.change(putSettings, [tenantId, ...values, versionOf(headers['if-match'])]) === 0) throw new ApiError('precondition_failed', 'The settings were changed meanwhile. Read them again.');
      await auditBy(tx, this.#clock, principal, {
        type: 'authorization.changed', subject: { kind: 'tenant', id: tenantId },
        data: { four_eyes: fourEyes, min_strength: body.min_strength, max_sign_in_age_ms: ages_ms, break_glass_roles: body.break_glass.roles, break_glass_max_ms: body.break_glass.max_duration_s * 1_000 },
      });
    });
    this.#kept.delete(tenantId);
    const settings = await this.#read(tenantId);
    return { status: 200, headers: { etag: etagOf(settings) }, body: viewOf(settings) };
  }

  /** What nobody else could agree to would never be done again, this setting's end among it. @throws ApiError `request_invalid` */
  async #refuseAlone({ tenantId, workspaceId, id }: Principal): Promise<void> {
    const others = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne(anotherDecider, [tenantId, workspaceId, id, rolesWith('changes:decide')]));
    if (others !== undefined) return;
    throw new ApiError('request_invalid', 'Nobody but you could agree to a change.', { errors: [{ field: '/four_eyes', code: 'nobody_else', message: `Give somebody else changes:decide in this workspace first, such as by the role ${rolesWith('changes:decide')[0]}.` }] });
  }

  async #read(tenantId: string): Promise<AuthorizationSettings> {
    const row = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<SettingsRow>(findSettings, [tenantId]));
    if (row === undefined) return NOTHING_SET;
    return {
      fourEyes: row.four_eyes, minStrength: row.min_strength, maxSignInAge_ms: row.max_sign_in_age_ms,
      breakGlassRoles: row.break_glass_roles, breakGlassMax_ms: Number(row.break_glass_max_ms), version: row.version,
    };
  }
}

/** A demand that nothing would ever ask for would be a false comfort. */
function refuseUnused(names: readonly PermissionName[]): void {
  const usable = new Set<string>(SECOND_PERSON_OPERATIONS.map((operation) => OPERATION_PERMISSION[operation]));
  const unused = names.findIndex((name) => !usable.has(name));
  if (unused < 0) return;
  throw new ApiError('request_invalid', `No change under ${names[unused]} can be put to a second person.`, {
    errors: [{ field: `/four_eyes/${unused}`, code: 'not_applicable', message: `Those that can: ${[...usable].join(', ')}.` }],
  });
}

function refuseUnknownRoles(roles: readonly string[]): void {
  const unknown = roles.findIndex((role) => !(EVERY_ROLE as readonly string[]).includes(role));
  if (unknown >= 0) throw new ApiError('role_unknown', `There is no built-in role "${roles[unknown]}".`, { errors: [{ field: `/break_glass/roles/${unknown}`, code: 'unknown', message: `Give some of ${EVERY_ROLE.join(', ')}.` }] });
}

function viewOf(settings: AuthorizationSettings): components['schemas']['Authorization'] {
  return {
    four_eyes: [...settings.fourEyes], min_strength: { ...settings.minStrength },
    max_sign_in_age_s: Object.fromEntries(Object.entries(settings.maxSignInAge_ms).map(([name, age_ms]) => [name, age_ms / 1_000])),
    break_glass: { roles: [...settings.breakGlassRoles], max_duration_s: settings.breakGlassMax_ms / 1_000 },
    version: settings.version,
  };
}
