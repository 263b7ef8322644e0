import { fileURLToPath } from 'node:url';
import { EVERY_ROLE, OPERATION_PERMISSION } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId, PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import { permissionsOf } from '@countersign/control-plane/access/may.ts';
import { PolicyAuthorizer } from '@countersign/control-plane/access/policy-authorizer.ts';
import { expectedOf } from '@countersign/control-plane/access/by-table.ts';
import type { Principal } from '@countersign/control-plane/identity/principal.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { callFiguresOf } from './call-figures.ts';
import type { CallFigures } from './call-figures.ts';
import type { Extent } from './measure.ts';
import { sampleConcurrent } from './samples.ts';
import type { Sample } from './samples.ts';

export interface ApiFigures {
  /** What was asked before, as most of what consoles and keys ask is: the answer is kept by the exact question. */
  readonly asked_before: CallFigures;
  /** What holds the age of a sign-in, so that no two questions are the same: through the thread that evaluates. */
  readonly never_asked: CallFigures;
  /** Whether every answer was the table's. */
  readonly same_answers: boolean;
}

const OPERATIONS = Object.keys(OPERATION_PERMISSION) as OperationId[];
const DAY_MS = 86_400_000;

/** What the API's own authorisation costs a request: `PolicyAuthorizer.decide`, one after the other, as a request waits for it. */
export async function measureApi({ rounds, decisions }: Extent): Promise<ApiFigures> {
  let ages: Partial<Record<PermissionName, number>> = {};
  const authorizer = await PolicyAuthorizer.open({
    policiesFolder: fileURLToPath(new URL('../../policies', import.meta.url)), clock: systemClock,
    settingsOf: () => Promise.resolve({ fourEyes: [], minStrength: {}, maxSignInAge_ms: ages, breakGlassRoles: [], breakGlassMax_ms: 0, version: 1 }),
  });
  try {
    const same_answers = await agree(authorizer);
    const samples = { before: [] as Sample[], never: [] as Sample[] };
    for (let round = 0; round <= rounds; round += 1) {
      ages = {};
      const before = await sampleConcurrent(decisions, 1, (n) => authorizer.decide({ operation: operationOf(n), principal: somebody(n) }));
      ages = { 'keys:rotate': DAY_MS };
      const never = await sampleConcurrent(decisions, 1, (n) => authorizer.decide({ operation: 'rotateKey', principal: { ...somebody(n), signedInAt: new Date(Date.now() - n - round * decisions) } }));
      if (round === 0) continue;
      samples.before.push(before);
      samples.never.push(never);
    }
    return { asked_before: callFiguresOf(samples.before), never_asked: callFiguresOf(samples.never), same_answers };
  } finally {
    await authorizer.close();
  }
}

async function agree(authorizer: PolicyAuthorizer): Promise<boolean> {
  const answers = await Promise.all(OPERATIONS.flatMap((operation) => EVERY_ROLE.map(async (role, n) =>
    (await authorizer.decide({ operation, principal: somebody(n) })).allow === expectedOf(operation, [role]))));
  return answers.every(Boolean);
}

function operationOf(n: number): OperationId {
  return OPERATIONS[n % OPERATIONS.length] ?? 'getMe';
}

function somebody(n: number): Principal {
  const roles = [EVERY_ROLE[n % EVERY_ROLE.length] ?? 'viewer'];
  return {
    tenantId: 'ten_bench', workspaceId: 'wsp_bench', isInHomeWorkspace: true, isInArchivedWorkspace: false, id: 'prn_bench', kind: 'person', displayName: 'Somebody', roles, customPermissions: [], scopes: null,
    permissions: permissionsOf(roles), authStrength: 'link', signedInAt: null, auth: null, via: { kind: 'session', sessionId: 'ses_bench' },
  };
}
