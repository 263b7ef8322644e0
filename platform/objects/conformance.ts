import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Objects, ObjectsError } from './objects.ts';

/** One implementation, opened on a place of its own. */
export interface ObjectsUnderTest {
  readonly objects: Objects;
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;

/** What every implementation of the objects port does. */
export function objectsConformance(name: string, start: () => Promise<ObjectsUnderTest>): void {
  describe(`${name}: objects`, () => {
    let place: ObjectsUnderTest;
    let objects: Objects;
    beforeAll(async () => {
      place = await start();
      ({ objects } = place);
    }, 300_000);
    afterAll(() => place.stop());

    const fresh = (): string => `t/ten_1/things/${randomBytes(6).toString('hex')}`;
    const listed = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const key of objects.list(prefix)) keys.push(key);
      return keys;
    };

    it('gives back the bytes that were put, and knows what is there', async () => {
      const key = fresh();
      const bytes = randomBytes(100_000);
      expect(await objects.has(key)).toBe(false);
      await objects.put(key, bytes);
      expect([await objects.has(key), Buffer.from(await objects.get(key)).equals(bytes)]).toEqual([true, true]);
    });

    it('holds an empty object', async () => {
      const key = fresh();
      await objects.put(key, new Uint8Array());
      expect((await objects.get(key)).byteLength).toBe(0);
    });

    it('never replaces: the same bytes again are fine, others are refused', async () => {
      const key = fresh();
      await objects.put(key, Buffer.from('one'));
      await objects.put(key, Buffer.from('one'));
      await expect(objects.put(key, Buffer.from('two'))).rejects.toMatchObject({ code: 'object_exists' });
      expect(Buffer.from(await objects.get(key)).toString()).toBe('one');
    });

    it('of many writers of one key at once one wins', async () => {
      const key = fresh();
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, (_, n) => objects.put(key, Buffer.from(`writer ${n}`))));
      const won = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [`writer ${n}`] : []));
      expect(won).toEqual([Buffer.from(await objects.get(key)).toString()]);
    });

    it('says what is missing', async () => {
      await expect(objects.get(fresh())).rejects.toMatchObject({ code: 'object_missing' });
    });

    it('lists by prefix, in order, and nothing else', async () => {
      const base = fresh();
      for (const name of ['b', 'a/2', 'a/10', 'c']) await objects.put(`${base}/${name}`, Buffer.from(name));
      expect(await listed(`${base}/`)).toEqual([`${base}/a/10`, `${base}/a/2`, `${base}/b`, `${base}/c`]);
      expect(await listed(`${base}/a`)).toEqual([`${base}/a/10`, `${base}/a/2`]);
      expect(await listed(`${base}/nothing/`)).toEqual([]);
    });

    it('removes for good, and what is not there is fine', async () => {
      const key = fresh();
      await objects.put(key, Buffer.from('one'));
      await objects.remove(key);
      await objects.remove(key);
      expect([await objects.has(key), await listed(key)]).toEqual([false, []]);
      await objects.put(key, Buffer.from('two'));
      expect(Buffer.from(await objects.get(key)).toString()).toBe('two');
    });

    it('does not remove what is retained, and a shorter time afterwards changes nothing', async () => {
      const key = fresh();
      await objects.put(key, Buffer.from('kept'), { retainUntil: new Date(Date.now() + DAY_MS) });
      const until = await objects.remove(key).then(() => null, (error: unknown) => (error as ObjectsError).retainedUntil);
      expect(Math.abs(until!.getTime() - Date.now() - DAY_MS)).toBeLessThan(60_000);
      await expect(objects.remove(key)).rejects.toMatchObject({ code: 'object_retained' });
      await objects.put(key, Buffer.from('kept'), { retainUntil: new Date(Date.now() + 1_000) });
      await objects.put(key, Buffer.from('kept'));
      await expect(objects.remove(key)).rejects.toMatchObject({ code: 'object_retained' });
      expect(Buffer.from(await objects.get(key)).toString()).toBe('kept');
    });

    it.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a\0b', 'ä', '.hidden', 'a/.b', `a/${'x'.repeat(2_000)}`])('refuses the key %j', async (key) => {
      await expect(objects.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'object_key_invalid' });
      await expect(objects.get(key)).rejects.toMatchObject({ code: 'object_key_invalid' });
    });
  });
}
