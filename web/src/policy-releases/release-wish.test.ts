import { describe, expect, it } from 'vitest';
import { bodyOf, environmentAfter, environmentBefore, mayPromote, mayRollBack, targetsOf, type Environment, type Layer } from './release-wish.ts';

type Release = NonNullable<Environment['enforce']>;
type Permission = ReturnType<typeof mayPromote>;

const release = (parts: Partial<Release>): Release => ({
  id: 'prl_1', environment_id: 'env_dev', environment: 'dev', mode: 'enforce', number: 1, kind: 'release', layer: 'tenant', version: 1, from_release_id: null, stack: { packs: ['itsm'], tenant: 1, workspace: null, environment: null },
  stack_digest: 'd', state: 'released', reason: 'r', requested_by: 'p', requested_at: '2026-11-21T00:00:00Z', released_at: '2026-11-21T00:00:00Z', ended_by: null, ended_at: null, replay_id: null, overridden_by: null, ...parts,
});
const environment = (name: string, ordinal: number, enforce: Release | null): Environment => ({
  environment_id: `env_${name}`, environment: name, ordinal, enforce, shadow: null, blocked: [],
  gate: { environment_id: `env_${name}`, environment: name, enabled: false, max_replay_age_s: 3600, min_decisions: 0, max_changed_share: null, max_newly_denied_runs: null, max_extra_approval_minutes: null, set_by: null, set_at: null },
});
const dev = environment('dev', 1, release({}));
const prod = environment('prod', 3, null);
const staging = environment('staging', 2, release({ id: 'prl_2', stack: { packs: ['itsm'], tenant: 1, workspace: null, environment: 4 } }));
const all = [prod, dev, staging];
const tenant: Layer = { layer: 'tenant', kind: 'tenant', name: 'acme', newest: null };
const why = (permission: Permission): string => (permission.allowed ? 'allowed' : permission.because);

it('environments follow by their ordinal', () => {
  expect([environmentBefore(dev, all), environmentBefore(prod, all)?.environment, environmentAfter(dev, all)?.environment, environmentAfter(prod, all)]).toEqual([undefined, 'staging', 'staging', undefined]);
});

describe('a release goes', () => {
  it('anywhere from an outer layer, to its own environment from an innermost one', () => {
    expect(targetsOf({ kind: 'release', layer: tenant, version: 1 }, all)).toHaveLength(3);
    expect(targetsOf({ kind: 'release', layer: { ...tenant, layer: 'env_prod', kind: 'environment' }, version: 1 }, all)).toEqual([prod]);
    expect(targetsOf({ kind: 'promote', environment: staging }, all)).toEqual([staging]);
  });
});

describe('promoting', () => {
  it('takes what the environment before has', () => expect(why(mayPromote(prod, all))).toBe('allowed'));
  it('says why not', () => {
    expect(why(mayPromote(dev, all))).toContain('Nothing comes before dev');
    expect(why(mayPromote(staging, all))).toContain('has the versions of dev already');
    expect(why(mayPromote(staging, [environment('dev', 1, null), staging]))).toContain('Nothing is released in dev');
  });
});

describe('rolling back', () => {
  it.each([
    [release({ id: 'prl_0' }), dev, 'allowed'],
    [release({}), dev, 'It is in force.'],
    [release({ id: 'prl_0', released_at: null, state: 'blocked' }), dev, 'never released'],
    [release({ id: 'prl_0', mode: 'shadow' }), dev, 'decided beside only'],
    [release({ id: 'prl_0' }), undefined, 'not one of this workspace'],
  ])('%#', (given, where, words) => expect(why(mayRollBack(given, where))).toContain(words));
});

it('the body says what the kind asks for', () => {
  const choice = { environmentId: 'env_dev', mode: 'enforce' as const, replayId: ' prp_1 ', reason: ' why ' };
  expect(bodyOf({ kind: 'release', layer: tenant, version: 2 }, choice)).toEqual({ environment_id: 'env_dev', kind: 'release', mode: 'enforce', reason: 'why', layer: 'tenant', version: 2, replay_id: 'prp_1' });
  expect(bodyOf({ kind: 'rollback', environment: dev, to: release({ id: 'prl_0' }) }, { ...choice, replayId: '' })).toEqual({ environment_id: 'env_dev', kind: 'rollback', mode: 'enforce', reason: 'why', to_release_id: 'prl_0' });
  expect(bodyOf({ kind: 'rollback', environment: dev, to: null }, choice)).toMatchObject({ kind: 'rollback', to_release_id: null });
  expect(bodyOf({ kind: 'promote', environment: dev }, { ...choice, mode: 'shadow' })).toEqual({ environment_id: 'env_dev', kind: 'promote', mode: 'shadow', reason: 'why' });
});
