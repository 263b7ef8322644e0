import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Secrets, StoredSecret } from './secrets.ts';

export interface SecretsUnderTest {
  readonly secrets: Secrets;
  /** Puts a secret of a tenant where it is kept, and gives what its row would hold. */
  put(tenantId: string, name: string, text: string): Promise<StoredSecret>;
  stop(): Promise<void>;
}

const [OWN, OTHER] = ['ten_01j0000000000000000000000a', 'ten_01j0000000000000000000000b'];

/** What is asked of every place where secrets are kept. */
export function secretsConformance(name: string, start: () => Promise<SecretsUnderTest>): void {
  describe(`${name}: secrets`, () => {
    let parts: SecretsUnderTest;
    beforeAll(async () => { parts = await start(); }, 300_000);
    afterAll(() => parts.stop());

    it('give the members of what was put there', async () => {
      const value = { username: 'u', password: 'pä"ss\\w\u0000rd' };
      expect(await parts.secrets.open(OWN, await parts.put(OWN, 'basic', JSON.stringify(value)))).toEqual(value);
    });

    it('give a bare text to a credential of one member, and refuse it to one of several', async () => {
      const stored = await parts.put(OWN, 'bare', 'a-token-that-is-no-json');
      expect(await parts.secrets.open(OWN, stored, 'token')).toEqual({ token: 'a-token-that-is-no-json' });
      await expect(parts.secrets.open(OWN, stored)).rejects.toMatchObject({ name: 'SecretsError', code: 'secret_unusable' });
    });

    it('give no tenant what is another\'s, under the same name or by the same row', async () => {
      const stored = await parts.put(OWN, 'mine', JSON.stringify({ token: 'of the first' }));
      await expect(parts.secrets.open(OTHER, stored)).rejects.toMatchObject({ code: expect.stringMatching(/^secret_(missing|refused)$/) as string });
      const theirs = await parts.put(OTHER, 'mine', JSON.stringify({ token: 'of the second' }));
      expect([(await parts.secrets.open(OWN, stored))['token'], (await parts.secrets.open(OTHER, theirs))['token']]).toEqual(['of the first', 'of the second']);
    });

    it('say in no message what a secret is', async () => {
      const stored = await parts.put(OWN, 'told', '["canary-value"]');
      const error: unknown = await parts.secrets.open(OWN, stored).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'secret_unusable' });
      expect(JSON.stringify([String(error), (error as Error).stack])).not.toContain('canary-value');
    });
  });
}
