import { describe, expect, it } from 'vitest';
import { destinationOf, signInAgainPath, takeToken } from './sign-in-link.ts';

function windowAt(hash: string): { window: Parameters<typeof takeToken>[0]; replaced: string[] } {
  const replaced: string[] = [];
  return {
    window: { location: { hash, pathname: '/sign-in', search: '?to=%2Fcost' }, history: { state: null, replaceState: (_state, _title, url) => void replaced.push(String(url)) } },
    replaced,
  };
}

describe('takeToken', () => {
  it('takes the token out of the address', () => {
    const { window, replaced } = windowAt('#token=abc%2Fdef');
    expect(takeToken(window)).toBe('abc/def');
    expect(replaced).toEqual(['/sign-in?to=%2Fcost']);
  });
  it('leaves an address without a token alone', () => {
    const { window, replaced } = windowAt('#other');
    expect(takeToken(window)).toBeNull();
    expect(replaced).toEqual([]);
  });
  it('survives a token that is not URL-encoded', () => expect(takeToken(windowAt('#token=50%').window)).toBe('50%'));
});

describe('destinationOf', () => {
  it.each([[null, '/runs'], ['/approvals?selected=apr_1', '/approvals?selected=apr_1'], ['https://evil.test', '/runs'], ['//evil.test', '/runs'], ['/\\evil.test', '/runs'], ['/sign-in', '/runs']])(
    '%s leads to %s', (to, destination) => expect(destinationOf(to)).toBe(destination));
});

it('who signs in again comes back', () => expect(signInAgainPath('/approvals?selected=apr_1')).toBe('/sign-in?fresh=1&to=%2Fapprovals%3Fselected%3Dapr_1'));
