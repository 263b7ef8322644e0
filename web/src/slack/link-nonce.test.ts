import { expect, it } from 'vitest';
import { takeNonce } from './link-nonce.ts';

function opened(hash: string): { nonce: string | null; shown: string | undefined } {
  let shown: string | undefined;
  const nonce = takeNonce({ location: { hash, pathname: '/slack/link', search: '' }, history: { state: null, replaceState: (_state, _title, url) => { shown = String(url); } } });
  return { nonce, shown };
}

it('takes the nonce, and leaves none in the address bar', () => {
  expect(opened(`#nonce=${'A'.repeat(43)}`)).toEqual({ nonce: 'A'.repeat(43), shown: '/slack/link' });
});

it.each(['', '#nonce=', '#nonce=short', `#nonce=${'A'.repeat(44)}`, `#token=${'A'.repeat(43)}`])('takes nothing else: %j', (hash) => {
  expect(opened(hash)).toEqual({ nonce: null, shown: undefined });
});
