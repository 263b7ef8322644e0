import { describe, expect, it } from 'vitest';
import { heldLease } from './held-lease.ts';
import { StaleLeaseError } from './ports.ts';

/** A process whose clock stands where the test puts it. */
function leased(options: { readonly timeoutMs?: number; readonly isHeld?: () => boolean; readonly onProve?: () => void } = {}) {
  const clock = { now: 0 };
  let proofs = 0;
  const held = heldLease({
    intendedAt: 0, timeoutMs: options.timeoutMs ?? 60_000, now: () => clock.now,
    prove: async () => {
      proofs += 1;
      options.onProve?.();
      if (options.isHeld?.() === false) throw new StaleLeaseError('stp_1', '1');
    },
  });
  return { clock, held, proofs: () => proofs };
}

describe('right before anything leaves', () => {
  it('the commit of the intent is proof enough for a second', async () => {
    const { clock, held, proofs } = leased();
    clock.now = 1_000;
    await held.beforeSending();
    expect(proofs()).toBe(0);
  });

  it('an older proof is renewed, and the new one is good from when it was asked for', async () => {
    const { clock, held, proofs } = leased();
    clock.now = 5_000;
    await held.beforeSending();
    clock.now = 6_000;
    await held.beforeSending();
    expect(proofs()).toBe(1);
  });

  it('an answer that took too long proves nothing', async () => {
    let slow = 2;
    const { clock, held, proofs } = leased({ onProve: () => { if (slow-- > 0) clock.now += 3_000; } });
    clock.now = 2_000;
    await held.beforeSending();
    expect(proofs()).toBe(3);
  });

  it('a lost lease stops it, and stays a fault whatever the connector makes of it', async () => {
    const { clock, held } = leased({ isHeld: () => false });
    expect(() => { held.rethrowFault(); }).not.toThrow();
    clock.now = 20_000;
    await expect(held.beforeSending()).rejects.toThrow(StaleLeaseError);
    expect(() => { held.rethrowFault(); }).toThrow(StaleLeaseError);
  });

  it('nothing begins after the time of the action, when others may have found that nothing is there', async () => {
    const { clock, held } = leased({ timeoutMs: 4_000 });
    clock.now = 4_001;
    await expect(held.beforeSending()).rejects.toMatchObject({ code: 'call_aborted', effect: 'none', retryable: true });
  });
});
