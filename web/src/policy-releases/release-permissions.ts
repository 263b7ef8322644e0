import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { allOf, given, mayCall, type Asker } from '../states/role-permission.ts';
import type { Permission } from '../states/permission.ts';

type Schemas = components['schemas'];
type Release = Pick<Schemas['PolicyRelease'], 'state' | 'mode' | 'requested_by'>;

/** Nobody overrides the gate for what they asked for themselves. */
export function mayOverride(release: Release, me: (Asker & Pick<Schemas['Me'], 'principal'>) | undefined): Permission {
  return allOf(
    given(release.state === 'blocked', 'Only a release that the gate holds back is overridden.'),
    mayCall('overridePolicyGate', me, 'Overriding the gate'),
    given(me !== undefined && release.requested_by !== me.principal.id, 'You asked for this release: another person has to decide.'),
  );
}

export function mayWithdraw(release: Release, asker: Asker | undefined): Permission {
  return allOf(
    given(release.state === 'blocked' || (release.state === 'released' && release.mode === 'shadow'), 'Only blocked and shadow releases are ended. Roll back to another release instead.'),
    mayCall('withdrawPolicyRelease', asker, 'Ending a release'),
  );
}
