import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { claimEverything, readyRuns } from '../testing/ready-runs.ts';
import { seedPlace, seedTenant } from '../testing/queries.ts';
import type { PlaceIds } from '../testing/queries.ts';
import { NOTES_WORK } from './repository-outbox.ts';
import type { Wake } from './wake.ts';

/** What stands behind the port: one per test, for as many processes as it needs. */
export interface WakesUnderTest {
  /** What a worker process makes of it, on connections of `database`. Not started. */
  open(database: Database, databaseUrl: string): Wake;
  /** Breaks the connections of everybody, as a restart of the server would, and lets them come back. */
  interrupt(made: TestDatabase): Promise<void>;
  stop(): Promise<void>;
}

/** What every way of hearing of work does. */
export function wakeConformance(name: string, begin: () => Promise<WakesUnderTest>): void {
  describe(`${name}: workers hear of work`, () => {
    const ids: PlaceIds = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment'), personId: newId('principal'), instanceId: newId('connector_instance') };
    let made: TestDatabase;
    let under: WakesUnderTest;
    let database: Database;
    let processes: Array<{ wake: Wake; database: Database }>;
    /** What workers have begun to claim, which may come after all that a test waits for. */
    let underWay: Array<() => Promise<void>>;

    beforeEach(async () => {
      [made, under] = await Promise.all([createTestDatabase(), begin()]);
      await made.control.forTenant(ids.tenantId, async (tx) => { await seedTenant(tx, ids.tenantId, 'wakes'); await seedPlace(tx, ids); });
      database = connect();
      processes = [];
      underWay = [];
    }, 300_000);

    afterEach(async () => {
      await Promise.all(processes.map(({ wake }) => wake.stop()));
      await Promise.all(underWay.map((claims) => claims()));
      await Promise.all([database, ...processes.map((one) => one.database)].map((one) => one.close()));
      await under.stop();
      await made.drop();
    }, 60_000);

    function connect(): Database {
      return new Database({ url: made.executionUrl, applicationName: 'wake test', settings: NOTES_WORK });
    }

    function open(): Wake {
      const own = connect();
      const wake = under.open(own, made.executionUrl);
      processes.push({ wake, database: own });
      return wake;
    }

    /** A process with room that claims whatever there is when it is woken. */
    async function worker(): Promise<{ wake: Wake; woken: () => number; claims(steps: number): Promise<void> }> {
      const wake = open();
      let woken = 0;
      let claimed = 0;
      let heard: () => void = () => undefined;
      let claiming = Promise.resolve();
      underWay.push(() => claiming);
      const claim = async (): Promise<void> => {
        claimed += await claimEverything(database, ids);
        wake.looked(8);
        heard();
      };
      await wake.start(() => {
        woken += 1;
        // One after the other, as a worker's loop does it.
        claiming = claiming.then(claim);
      });
      wake.looked(8);
      return {
        wake, woken: () => woken,
        claims: (steps) => new Promise<void>((resolve) => {
          heard = () => { if (claimed >= steps) resolve(); };
          heard();
        }),
      };
    }

    it('of another process, when what it speaks of is committed', async () => {
      const [maker, other] = [await silent(), await worker()];
      await readyRuns(database, ids);
      maker.ready();
      await other.claims(1);
    });

    it('once for much that comes at once, and of all of it', async () => {
      const [maker, other] = [await silent(), await worker()];
      await readyRuns(database, ids, 100);
      for (let times = 0; times < 100; times++) maker.ready();
      await other.claims(100);
      expect(other.woken()).toBeLessThan(100);
    });

    it('of all that several make, wherever it is taken up', async () => {
      const [first, second, third] = [await silent(), await silent(), await silent()];
      const one = await worker();
      for (const maker of [first, second, third]) {
        await readyRuns(database, ids, 5);
        maker.ready();
      }
      await one.claims(15);
    });

    it('again after the connections were broken', async () => {
      const [maker, other] = [await silent(), await worker()];
      await readyRuns(database, ids);
      maker.ready();
      await other.claims(1);
      await under.interrupt(made);
      // Nobody promises that a hint survives it; a later one gets through.
      for (let steps = 2, through = false; !through; steps++) {
        await readyRuns(database, ids);
        maker.ready();
        through = await Promise.race([other.claims(steps).then(() => true), new Promise<false>((resolve) => { setTimeout(resolve, 500, false); })]);
      }
    });

    it('no more once they have stopped, while others do', async () => {
      const [maker, gone, stays] = [await silent(), await worker(), await worker()];
      await gone.wake.stop();
      const before = gone.woken();
      await readyRuns(database, ids);
      maker.ready();
      await stays.claims(1);
      expect(gone.woken()).toBe(before);
    });

    it('and operators are told how', async () => {
      expect(await open().state()).toMatchObject({ kind: expect.stringMatching(/^(postgres|sqs)$/) as string });
    });

    /** A process that makes work and has no room for any. */
    async function silent(): Promise<Wake> {
      const wake = open();
      await wake.start(() => undefined);
      return wake;
    }
  });
}
