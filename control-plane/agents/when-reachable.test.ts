import { expect, test } from 'vitest';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import { WhenReachable } from './when-reachable.ts';

const log = createLogger('test', 'silent');

/** Opens after it has failed with each of `errors`. */
function opening(...errors: Error[]): { readonly thing: WhenReachable<{ stop(): Promise<void> }>; readonly stops: () => number } {
  let stops = 0;
  const open = async (): Promise<{ stop(): Promise<void> }> => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { stop: async () => { stops += 1; } };
  };
  return { thing: new WhenReachable(open, log), stops: () => stops };
}

test('is open at once where everything answers', async () => {
  const { thing, stops } = opening();
  await thing.start();
  expect(thing.opened).toBeDefined();
  await thing.stop();
  expect(stops()).toBe(1);
});

test('does not hold up the start where something is out of reach, and opens when it is not any more', async () => {
  const { thing, stops } = opening(new KeysError('kek_unreachable', 'away'), new ObjectsError('objects_unreachable', 'away'));
  await thing.start();
  expect(thing.opened).toBeUndefined();
  await expect.poll(() => thing.opened, { timeout: 5_000 }).toBeDefined();
  await thing.stop();
  expect(stops()).toBe(1);
});

test('is not tried again where a person has to do something', async () => {
  await expect(opening(new KeysError('kek_refused', 'disabled')).thing.start()).rejects.toMatchObject({ code: 'kek_refused' });
});
