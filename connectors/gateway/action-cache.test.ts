import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../sdk/connector.ts';
import { createActionCaches } from './action-cache.ts';
import type { Call } from './call.ts';
import { DIRECT_CONNECTION } from './ports.ts';
import type { InstanceView } from './ports.ts';

const INSTANCE = { id: 'ins_1', name: 'a', baseUrl: 'https://a.example', allowedHosts: ['a.example:443'], settings: { language: 'en' }, credentialId: 'cred_1', connection: DIRECT_CONNECTION };

/** Of a call, what the cache looks at. */
function callOf(tenant: string, changes: Partial<InstanceView> = {}, manifestDigest = 'sha256:1'): Call {
  return { request: { identity: { tenant: { id: tenant } } }, instance: { ...INSTANCE, ...changes }, connector: { manifestDigest } } as unknown as Call;
}

describe('what connectors remember', () => {
  test('is of one tenant, instance, credential, setting, address and manifest', () => {
    const caches = createActionCaches(() => 0);
    caches.of(callOf('ten_1')).put('choices', { of: 'the first' }, 1_000);
    expect(caches.of(callOf('ten_1')).get('choices')).toEqual({ of: 'the first' });
    const others = [
      callOf('ten_2'), callOf('ten_1', { id: 'ins_2' }), callOf('ten_1', { credentialId: 'cred_2' }), callOf('ten_1', { settings: { language: 'de' } }),
      callOf('ten_1', { baseUrl: 'https://b.example' }), callOf('ten_1', { connection: { ...DIRECT_CONNECTION, clientCertificateId: 'cred_3' } }), callOf('ten_1', {}, 'sha256:2'),
    ];
    for (const other of others) expect(caches.of(other).get('choices')).toBeNull();
    for (const other of others) caches.of(other).clear();
    expect(caches.of(callOf('ten_1')).get('choices')).toEqual({ of: 'the first' });
    caches.of(callOf('ten_1')).clear();
    expect(caches.of(callOf('ten_1')).get('choices')).toBeNull();
  });

  test('ends with its time', () => {
    let now = 0;
    const cache = createActionCaches(() => now).of(callOf('ten_1'));
    cache.put('a', { is: 1 }, 600_000);
    now = 599_999;
    expect(cache.get('a')).toEqual({ is: 1 });
    now = 600_000;
    expect(cache.get('a')).toBeNull();
  });

  test('is not changed by what a call does to the value it got', () => {
    const cache = createActionCaches(() => 0).of(callOf('ten_1'));
    const given: JsonObject = { list: ['a'] };
    cache.put('a', given, 1_000);
    (given['list'] as string[]).push('b');
    (cache.get('a')!['list'] as string[]).push('c');
    expect(cache.get('a')).toEqual({ list: ['a'] });
  });

  test('is bounded: the oldest go, and what is too large is not kept', () => {
    const caches = createActionCaches(() => 0);
    const cache = caches.of(callOf('ten_1'));
    cache.put('huge', { text: 'x'.repeat(2_000_000) }, 1_000);
    expect(cache.get('huge')).toBeNull();
    for (let index = 0; index < 40; index += 1) caches.of(callOf(`ten_${index}`)).put('large', { text: 'x'.repeat(1_900_000) }, 1_000);
    expect(caches.of(callOf('ten_0')).get('large')).toBeNull();
    expect(caches.of(callOf('ten_39')).get('large')).not.toBeNull();
    for (let index = 0; index < 6_000; index += 1) cache.put(`small ${index}`, {}, 1_000);
    expect([cache.get('small 0'), cache.get('small 5999')]).toEqual([null, {}]);
  });
});
