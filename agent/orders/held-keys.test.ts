import { describe, expect, it } from 'vitest';
import { HeldKeys } from './held-keys.ts';
import { CELL_KEY, id, keySet, orderFor, SELF, signedKeySet, signingPair, verifier } from './testing/orders.ts';
import { verifyOrder } from './verify-order.ts';

const NEXT = signingPair('wo-2');
const STRANGER = signingPair('wo-9');
const held = (): HeldKeys => HeldKeys.first(signedKeySet(keySet(1, [CELL_KEY]), CELL_KEY), SELF.tenant_id)!;

describe('the keys that an agent believes', () => {
  it('are the newest that one of the keys before has signed', async () => {
    const keys = held();
    expect(keys.accept(signedKeySet(keySet(2, [CELL_KEY, NEXT]), CELL_KEY))).toBe(true);
    expect(keys.accept(signedKeySet(keySet(3, [CELL_KEY, NEXT], {}, [CELL_KEY.kid]), NEXT))).toBe(true);
    expect(keys.seq).toBe(3);
    await expect(verifyOrder(await verifier({ keys }), await orderFor())).rejects.toMatchObject({ refusal: 'order_signature_invalid' });
    await expect(verifyOrder(await verifier({ keys }), await orderFor({ signer: NEXT }))).resolves.toBeDefined();
  });

  it.each([
    ['a stranger signed', signedKeySet(keySet(2, [CELL_KEY, STRANGER]), STRANGER)],
    ['is older', signedKeySet(keySet(0, [CELL_KEY]), CELL_KEY)],
    ['has the number of the one that is held', signedKeySet(keySet(1, [CELL_KEY, STRANGER]), CELL_KEY)],
    ['is another tenant\'s', signedKeySet(keySet(2, [CELL_KEY], { tenant_id: id('ten', 'v') }), CELL_KEY)],
    ['says more than a set says', signedKeySet({ ...keySet(2, [CELL_KEY]), more: 1 } as never, CELL_KEY)],
    ['is none', null],
  ])('are not those of a set that %s', (_, envelope) => {
    const keys = held();
    expect(keys.accept(envelope)).toBe(false);
    expect(keys.seq).toBe(1);
  });

  it('are not taken from a key that was revoked', () => {
    const keys = held();
    expect(keys.accept(signedKeySet(keySet(2, [CELL_KEY, NEXT], {}, [CELL_KEY.kid]), CELL_KEY))).toBe(true);
    expect(keys.accept(signedKeySet(keySet(3, [CELL_KEY]), CELL_KEY))).toBe(false);
  });

  it('begin with a set that one of its own keys signed, of the tenant that was enrolled with', () => {
    expect(HeldKeys.first(signedKeySet(keySet(1, [CELL_KEY]), STRANGER), SELF.tenant_id)).toBeUndefined();
    expect(HeldKeys.first(signedKeySet(keySet(1, [CELL_KEY]), CELL_KEY), id('ten', 'v'))).toBeUndefined();
  });
});
