import { expect, it } from 'vitest';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import { beginAtKeptFloor, keepFloor } from './kept-floor.ts';
import { TrustedClock } from './trusted-clock.ts';

it('a machine whose clock was set back begins where it was', async () => {
  const folder = scratchFolder();
  const before = new TrustedClock(() => new Date('2026-11-21T10:00:00.000Z'), new Date('2026-11-21T09:59:00.000Z'));
  const spool = await openForTest(folder);
  await spool.commit((tx) => keepFloor(before, tx));
  spool.close();
  const again = await openForTest(folder);
  const after = new TrustedClock(() => new Date('2026-11-01T00:00:00.000Z'));
  await beginAtKeptFloor(after, again);
  expect(after.now().toISOString()).toBe('2026-11-21T09:59:00.000Z');
  again.close();
});
