import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kek } from './kek.ts';

export interface KekUnderTest {
  readonly kek: Kek;
  /** Another root key of the same kind. */
  readonly other: Kek;
  stop(): Promise<void>;
}

/** What is asked of every root key. */
export function kekConformance(name: string, start: () => Promise<KekUnderTest>): void {
  describe(`${name}: a root key`, () => {
    let parts: KekUnderTest;
    beforeAll(async () => { parts = await start(); }, 300_000);
    afterAll(() => parts.stop());

    const context = { tenant_id: 'ten_a', purpose: 'seal/content', generation: '1' };

    it('unwraps what it wrapped: keys that seal and keys that sign', async () => {
      for (const size of [32, 48, 138]) {
        const plain = randomBytes(size);
        const wrapped = await parts.kek.wrap(context, plain);
        expect(Buffer.from(wrapped).includes(plain)).toBe(false);
        expect(Buffer.from(await parts.kek.unwrap(context, wrapped))).toEqual(plain);
      }
    });

    it('wraps the same key differently each time', async () => {
      const plain = randomBytes(32);
      expect(Buffer.from(await parts.kek.wrap(context, plain))).not.toEqual(Buffer.from(await parts.kek.wrap(context, plain)));
    });

    it.each([['tenant_id', 'ten_b'], ['purpose', 'sign/content'], ['generation', '2']])('unwraps nothing for another %s', async (member, value) => {
      const wrapped = await parts.kek.wrap(context, randomBytes(32));
      await expect(parts.kek.unwrap({ ...context, [member]: value }, wrapped)).rejects.toMatchObject({ name: 'KeysError', code: 'unwrap_failed' });
    });

    it('unwraps nothing that was altered or cut, nor what another wrapped', async () => {
      const wrapped = Buffer.from(await parts.kek.wrap(context, randomBytes(32)));
      const altered = Buffer.from(wrapped);
      altered[altered.length - 1]! ^= 1;
      for (const bytes of [altered, wrapped.subarray(0, 10), Buffer.from(await parts.other.wrap(context, randomBytes(32)))]) {
        await expect(parts.kek.unwrap(context, bytes)).rejects.toMatchObject({ name: 'KeysError', code: 'unwrap_failed' });
      }
    });

    it('has a name of its own that holds no secret', () => {
      expect(parts.kek.id).not.toBe(parts.other.id);
      expect(parts.kek.id).toMatch(/^(file:[0-9a-f]{16}|aws-kms:\S+)$/);
    });
  });
}
