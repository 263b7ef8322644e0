import { createDecipheriv, createPrivateKey, diffieHellman, createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sealTo, unsealFrom, unsealingKey } from './jwe.ts';

const PARTIES = { from: 'ten_1', to: 'agt_1' };
const CLEAR = Buffer.from('{"work_note":"Ünïcode"}');
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = pair.publicKey.export({ format: 'jwk' }) as Record<string, string>;
const privateJwk = pair.privateKey.export({ format: 'jwk' }) as Record<string, string>;

describe('what is sealed to somebody', () => {
  it('is read by them alone, from whom and as whom it was sealed', async () => {
    const sealed = await sealTo(publicJwk, PARTIES, CLEAR);
    const key = await unsealingKey(privateJwk);
    expect(Buffer.from((await unsealFrom(key, PARTIES, sealed))!)).toEqual(CLEAR);
    expect(await unsealFrom(key, { ...PARTIES, to: 'agt_2' }, sealed)).toBeUndefined();
    expect(await unsealFrom(key, { ...PARTIES, from: 'ten_2' }, sealed)).toBeUndefined();
    const another = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as Record<string, string>;
    expect(await unsealFrom(await unsealingKey(another), PARTIES, sealed)).toBeUndefined();
  });

  it('is another each time, and does not bear a change of any character', async () => {
    const key = await unsealingKey(privateJwk);
    const sealed = await sealTo(publicJwk, PARTIES, CLEAR);
    expect(await sealTo(publicJwk, PARTIES, CLEAR)).not.toBe(sealed);
    for (let at = 0; at < sealed.length; at += 7) {
      const bent = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      const read = await unsealFrom(key, PARTIES, bent);
      // The last character of a base64url text may hold bits that stand for nothing; the digest that an order names covers those.
      expect(read === undefined || Buffer.from(read).equals(CLEAR), `character ${at}`).toBe(true);
    }
  });

  it('is what RFC 7518 says: opened here by OpenSSL alone', async () => {
    const [header = '', , iv = '', text = '', tag = ''] = (await sealTo(publicJwk, PARTIES, CLEAR)).split('.');
    const { epk, apu, apv } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { epk: Record<string, string>; apu: string; apv: string };
    const shared = diffieHellman({ privateKey: createPrivateKey({ key: privateJwk, format: 'jwk' } as never), publicKey: createPublicKey({ key: epk, format: 'jwk' } as never) });
    const sized = (bytes: Uint8Array): Buffer => Buffer.concat([number(bytes.length), bytes]);
    const number = (value: number): Buffer => { const b = Buffer.alloc(4); b.writeUInt32BE(value); return b; };
    const key = hash('sha256', Buffer.concat([number(1), shared, sized(Buffer.from('A256GCM')), sized(Buffer.from(apu, 'base64url')), sized(Buffer.from(apv, 'base64url')), number(256)]), 'buffer');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'));
    decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'));
    expect(Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()])).toEqual(CLEAR);
  });
});
