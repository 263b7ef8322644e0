import { describe, expect, it } from 'vitest';
import { isOlder } from './version-order.ts';
import type { VersionsState } from './versions-folder.ts';
import { whichVersion } from './which-version.ts';

const INSTALLED = '/usr/local/bin/countersign-agent';
const OLD = { version: '0.1.0', sha256: 'a' };
const NEW = { version: '0.2.0', sha256: 'b' };
const NOTHING: VersionsState = { current: null, previous: null, probation: null, installed: INSTALLED, told: null };
const fileOf = ({ sha256 }: { readonly sha256: string }): string => `/state/versions/${sha256}`;
const startedBy = (file: string, version: string, state: VersionsState): ReturnType<typeof whichVersion> => whichVersion(state, { file, version }, fileOf);

describe('which version is to run', () => {
  it('is what was installed, where there is no other', () => {
    expect(startedBy(INSTALLED, '0.1.0', { ...NOTHING, installed: null })).toEqual({ state: NOTHING, start: null });
  });

  it('is the newest that it was given, and each start of it is counted until it has shown that it works', () => {
    const state = { ...NOTHING, current: NEW, probation: { starts: 0 } };
    expect(startedBy(INSTALLED, '0.1.0', state)).toEqual({ state: { ...state, probation: { starts: 1 } }, start: '/state/versions/b' });
    expect(startedBy(INSTALLED, '0.1.0', { ...state, probation: null })).toEqual({ state: { ...state, probation: null }, start: '/state/versions/b' });
    expect(startedBy(fileOf(NEW), '0.2.0', state)).toEqual({ state, start: null });
  });

  it('is the one before when the new one has ended three times', () => {
    const state = { ...NOTHING, current: NEW, previous: OLD, probation: { starts: 3 } };
    const back = { ...NOTHING, current: OLD, told: { ...NEW, state: 'failed', code: 'did_not_start' } };
    expect(startedBy(INSTALLED, '0.0.9', state)).toEqual({ state: back, start: '/state/versions/a' });
    expect(startedBy(INSTALLED, '0.1.0', { ...state, previous: null })).toEqual({ state: { ...back, current: null }, start: null });
  });

  it('is what was installed again, when the version that runs was taken back and nothing ran before it', () => {
    const state = { ...NOTHING, current: OLD };
    expect(startedBy(fileOf(OLD), '0.1.0', state).start).toBeNull();
    expect(startedBy(fileOf(NEW), '0.2.0', { ...NOTHING, previous: NEW }).start).toBe(INSTALLED);
  });

  it('is what a person installed afterwards, when that is newer', () => {
    expect(startedBy(INSTALLED, '0.3.0', { ...NOTHING, current: NEW, previous: OLD })).toEqual({ state: NOTHING, start: null });
  });
});

it.each([
  ['0.1.0', '0.2.0'], ['0.9.0', '0.10.0'], ['1.0.0-rc.1', '1.0.0'], ['1.0.0-rc.2', '1.0.0-rc.10'], ['1.0.0-alpha', '1.0.0-beta'], ['1.0.0-1', '1.0.0-alpha'], ['1.0.0-rc', '1.0.0-rc.1'],
])('%s is older than %s', (older, newer) => {
  expect([isOlder(older, newer), isOlder(newer, older), isOlder(older, older)]).toEqual([true, false, false]);
});
