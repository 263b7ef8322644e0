import { describe, expect, it } from 'vitest';
import type { Environment, Layer } from '../policy-releases/release-wish.ts';
import { maySwitch, wishOf } from './switch-wish.ts';

type Shadow = NonNullable<Environment['shadow']>;
const tenant: Layer = { layer: 'tenant', kind: 'tenant', name: 'acme', newest: null };
const environment = (shadow: Partial<Shadow> | null): Environment => ({ environment_id: 'env_dev', environment: 'dev', ordinal: 1, enforce: null, shadow: shadow as Shadow | null, blocked: [], gate: {} as Environment['gate'] });

describe('switching to enforce', () => {
  it('releases what the shadow release released', () => {
    expect(wishOf(environment({ kind: 'release', layer: 'tenant', version: 3 }), [tenant])).toEqual({ kind: 'release', layer: tenant, version: 3 });
    expect(wishOf(environment({ kind: 'promote' }), [tenant])).toMatchObject({ kind: 'promote' });
  });
  it('says what to do where there is nothing to switch', () => {
    const none = environment(null);
    expect(maySwitch(none, wishOf(none, [tenant]))).toMatchObject({ because: expect.stringContaining('"mode": "shadow"') });
    const foreign = environment({ kind: 'release', layer: 'wsp_other', version: 1 });
    expect(maySwitch(foreign, wishOf(foreign, [tenant]))).toMatchObject({ because: expect.stringContaining('not one of this workspace') });
    expect(maySwitch(undefined, null).allowed).toBe(false);
  });
});
