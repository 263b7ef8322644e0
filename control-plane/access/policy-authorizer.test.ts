import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE, OPEN_TO_ANY_SCOPE, OPERATION_PERMISSION, PERMISSION_NAMES, SECOND_PERSON_OPERATIONS, isPermission } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId, PermissionName, Role } from '@countersign/contracts/openapi/permissions.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import type { Principal } from '../identity/principal.ts';
import { expectedOf } from './by-table.ts';
import { permissionsOf } from './may.ts';
import { PolicyAuthorizer } from './policy-authorizer.ts';
import type { AuthorizationSettings } from './settings.ts';

const OPERATIONS = Object.keys(OPERATION_PERMISSION) as OperationId[];
const NOTHING: AuthorizationSettings = { fourEyes: [], minStrength: {}, maxSignInAge_ms: {}, breakGlassRoles: [], breakGlassMax_ms: 0, version: 0 };

let settings = NOTHING;
let authorizer: PolicyAuthorizer;
beforeAll(async () => {
  authorizer = await PolicyAuthorizer.open({ policiesFolder: fileURLToPath(new URL('../../policies', import.meta.url)), settingsOf: () => Promise.resolve(settings), clock: systemClock });
});
afterAll(() => authorizer.close());

function somebody(of: { roles?: readonly Role[]; custom?: readonly PermissionName[]; scopes?: readonly PermissionName[] | null; strength?: string; signedInAt?: Date | null }): Principal {
  const { roles = [], custom = [], scopes = null, strength = 'link', signedInAt = null } = of;
  return {
    tenantId: 'ten_x', workspaceId: 'wsp_x', isInHomeWorkspace: true, isInArchivedWorkspace: false, id: 'prn_x', kind: 'person', displayName: 'Somebody', roles, customPermissions: custom, scopes,
    permissions: new Set([...permissionsOf(roles), ...custom].filter((name) => scopes === null || scopes.includes(name))),
    authStrength: strength, signedInAt, auth: null, via: { kind: 'api_key', keyId: 'key_x' },
  };
}

async function answer(operation: OperationId, principal: Principal): Promise<string> {
  const decision = await authorizer.decide({ operation, principal });
  return decision.allow ? decision.require ?? 'allowed' : decision.code;
}

describe('policy and the table agree', () => {
  test.each([[], ...EVERY_ROLE.map((role) => [role]), ['viewer', 'approver'] as Role[]])('about every operation for the roles %j %j', async (...roles) => {
    const held = roles.filter((role): role is Role => typeof role === 'string');
    const told = await Promise.all(OPERATIONS.map(async (operation) => [operation, await answer(operation, somebody({ roles: held }))]));
    expect(told).toEqual(OPERATIONS.map((operation) => [operation, expectedOf(operation, held) ? 'allowed' : 'forbidden']));
  });

  test('about a role of the tenant\'s own with each permission', async () => {
    for (const name of PERMISSION_NAMES) {
      const told = await Promise.all(OPERATIONS.map(async (operation) => [operation, await answer(operation, somebody({ custom: [name] }))]));
      expect(told).toEqual(OPERATIONS.map((operation) => [operation, OPERATION_PERMISSION[operation] === name || expectedOf(operation, []) ? 'allowed' : 'forbidden']));
    }
  });

  test('about a key of an admin that is cut to each scope', async () => {
    const open = new Set<string>(OPEN_TO_ANY_SCOPE);
    for (const name of PERMISSION_NAMES) {
      const told = await Promise.all(OPERATIONS.map(async (operation) => [operation, await answer(operation, somebody({ roles: ['admin'], scopes: [name] }))]));
      expect(told).toEqual(OPERATIONS.map((operation) => {
        const need = OPERATION_PERMISSION[operation];
        if (need === name || open.has(operation)) return [operation, 'allowed'];
        return [operation, isPermission(need) || need === 'signed_in' ? 'scope_missing' : 'forbidden'];
      }));
    }
  });
});

describe('what a tenant demands on top', () => {
  test('a second person, for changes and for nothing else under the same permission', async () => {
    settings = { ...NOTHING, fourEyes: [...PERMISSION_NAMES], version: 1 };
    const told = await Promise.all(OPERATIONS.filter((operation) => isPermission(OPERATION_PERMISSION[operation])).map(async (operation) => [operation, await answer(operation, somebody({ roles: ['admin'] }))]));
    expect(told.filter(([, said]) => said === 'second_person').map(([operation]) => operation).toSorted()).toEqual([...SECOND_PERSON_OPERATIONS].toSorted());
  });

  test('a stronger sign-in', async () => {
    settings = { ...NOTHING, minStrength: { 'keys:rotate': 'mfa' }, version: 2 };
    expect(await Promise.all(['api_key', 'link', 'oidc', 'mfa', 'passkey', 'unheard of'].map((strength) => answer('rotateKey', somebody({ roles: ['admin'], strength })))))
      .toEqual(['step_up_required', 'step_up_required', 'step_up_required', 'allowed', 'allowed', 'step_up_required']);
  });

  test('a fresher sign-in, which a key never is', async () => {
    settings = { ...NOTHING, maxSignInAge_ms: { 'keys:rotate': 60_000 }, version: 3 };
    const signedIn = (ago_ms: number) => new Date(Date.now() - ago_ms);
    expect(await answer('rotateKey', somebody({ roles: ['admin'], signedInAt: signedIn(1_000) }))).toBe('allowed');
    expect(await answer('rotateKey', somebody({ roles: ['admin'], signedInAt: signedIn(3_600_000) }))).toBe('step_up_required');
    expect(await answer('rotateKey', somebody({ roles: ['admin'] }))).toBe('step_up_required');
  });
});

test('nobody is let in by an engine that gives no answer', async () => {
  const closed = await PolicyAuthorizer.open({ policiesFolder: fileURLToPath(new URL('../../policies', import.meta.url)), settingsOf: () => Promise.resolve(NOTHING), clock: systemClock });
  await closed.close();
  await expect(closed.decide({ operation: 'getMe', principal: somebody({ roles: ['admin'] }) })).rejects.toMatchObject({ code: 'authorization_unavailable' });
});

test('nobody is let in while what the tenant demands cannot be read', async () => {
  const blind = await PolicyAuthorizer.open({ policiesFolder: fileURLToPath(new URL('../../policies', import.meta.url)), settingsOf: () => Promise.reject(new TypeError('no database')), clock: systemClock });
  await expect(blind.decide({ operation: 'getMe', principal: somebody({ roles: ['admin'] }) })).rejects.toMatchObject({ code: 'authorization_unavailable' });
  await blind.close();
});
