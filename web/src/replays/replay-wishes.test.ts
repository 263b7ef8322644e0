import { describe, expect, it } from 'vitest';
import { mayReleaseReplay, wishOfReplay } from './release-wish-of-replay.ts';
import { environmentOf, periodOf } from './replay-wish.ts';

type Replay = Parameters<typeof wishOfReplay>[0];
type Overview = Parameters<typeof wishOfReplay>[1];
const overview = { layers: [{ layer: 'tenant', kind: 'tenant', name: 'acme', newest: null }], environments: [{ environment_id: 'env_dev' }, { environment_id: 'env_prod' }] } as unknown as Overview;
const replay = (against: Replay['against'], state: Replay['state'] = 'succeeded'): Replay => ({ against, state, report: null });
const why = (one: Replay, made: Parameters<typeof wishOfReplay>[2] = null): string => {
  const permission = mayReleaseReplay(one, wishOfReplay(one, overview, made));
  return permission.allowed ? 'allowed' : permission.because;
};

it('a period ends now', () => expect(periodOf('7', Date.UTC(2026, 10, 21))).toEqual({ from: '2026-11-14T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' }));

it.each([[{ environment_id: 'env_dev' }, 'env_dev'], [{ promote_to: 'env_dev' }, 'env_dev'], [{ draft_id: 'pdr_1' }, 'env_prod'], [null, 'env_prod']])('decisions of %j are those of %s', (reference, environment) => {
  expect(environmentOf(reference, overview.environments)).toBe(environment);
});

describe('what was replayed is released', () => {
  it('as a version, as a promotion, or as the version that was made of the draft', () => {
    expect(wishOfReplay(replay({ layer: 'tenant', version: 3, environment_id: 'env_dev' }), overview, null)).toMatchObject({ kind: 'release', version: 3 });
    expect(wishOfReplay(replay({ promote_to: 'env_prod' }), overview, null)).toMatchObject({ kind: 'promote' });
    expect(wishOfReplay(replay({ draft_id: 'pdr_1' }), overview, { layer: 'tenant', version: 4 })).toMatchObject({ kind: 'release', version: 4 });
  });
  it('or it is said why not', () => {
    expect(why(replay({ draft_id: 'pdr_1' }))).toContain('Publish a version');
    expect(why(replay({ environment_id: 'env_dev' }))).toContain('in force already');
    expect(why(replay({ promote_to: 'env_prod' }, 'running'))).toContain('is running');
    expect(why(replay({ promote_to: 'env_prod' }))).toBe('allowed');
  });
});
