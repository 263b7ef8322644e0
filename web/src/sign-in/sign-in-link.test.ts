import { describe, expect, it } from 'vitest';
import { destinationOf, signInAgainPath, takeFromFragment } from './sign-in-link.ts';

function windowAt(hash: string): { window: Parameters<typeof takeFromFragment>[0]; replaced: string[] } {
  const replaced: string[] = [];
  return {
    window: { location: { hash, pathname: '/sign-in', search: '?to=%2Fcost' }, history: { state: null, replaceState: (_state, _title, url) => void replaced.push(String(url)) } },
    replaced,
  };
}

describe('takeFromFragment', () => {
  it('takes the token out of the address', () => {
    const { window, replaced } = windowAt('#token=abc%2Fdef');
    expect(takeFromFragment(window, 'token')).toBe('abc/def');
    expect(replaced).toEqual(['/sign-in?to=%2Fcost']);
  });
  it('leaves an address without a token alone', () => {
    const { window, replaced } = windowAt('#other');
    expect(takeFromFragment(window, 'token')).toBeNull();
    expect(replaced).toEqual([]);
  });
  it('takes what it is asked for and nothing else', () => {
    expect(takeFromFragment(windowAt('#invitation=abc').window, 'token')).toBeNull();
    expect(takeFromFragment(windowAt('#invitation=abc').window, 'invitation')).toBe('abc');
    expect(takeFromFragment(windowAt('#token=').window, 'token')).toBeNull();
  });
  it('survives a token that is not URL-encoded', () => expect(takeFromFragment(windowAt('#token=50%').window, 'token')).toBe('50%'));
});

describe('destinationOf', () => {
  it.each([[null, '/runs'], ['/approvals?selected=apr_1', '/approvals?selected=apr_1'], ['https://evil.test', '/runs'], ['//evil.test', '/runs'], ['/\\evil.test', '/runs'], ['/sign-in', '/runs']])(
    '%s leads to %s', (to, destination) => expect(destinationOf(to)).toBe(destination));
});

it('who signs in again comes back', () => expect(signInAgainPath('/approvals?selected=apr_1')).toBe('/sign-in?fresh=1&to=%2Fapprovals%3Fselected%3Dapr_1'));
