import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, asyncProperty, constantFrom, jsonValue, property, record, string } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONNECTORS } from '@countersign/connectors/registry.ts';
import { fixedPolicy, seededPolicy } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import { attack } from './attack.ts';
import { readAttackCases, readLegitimateCases } from './cases.ts';
import type { AttackCase } from './cases.ts';
import { attackCases } from './generate/attacks.ts';
import { legitimateCases } from './generate/honest.ts';
import { honestSteps } from './grant.ts';
import { startPeers } from './peers.ts';
import { verdictOn } from './report.ts';
import { runRedteam } from './run.ts';
import { Tally } from './tally.ts';
import { aimOf, risksFor } from './verb-classes.ts';
import { createWorld } from './world.ts';

let pdp: Pdp;
beforeAll(async () => { pdp = await seededPolicy(); });
afterAll(() => pdp.stop());

/** Every twelfth, so that each tool and each carrier is among them. */
const some = <T>(cases: readonly T[], step: number): T[] => cases.filter((_case, index) => index % step === 0);

describe('under the seeded policies', () => {
  test('nothing gets out, and honest runs pass', async () => {
    const figures = await runRedteam({ cases: some(attackCases(20_260_101), 29), legitimate: some(legitimateCases(20_260_102), 11), malformed: [], pdp });
    expect(figures.leaks).toEqual([]);
    expect(figures.received_outside_grant).toBe(0);
    expect(figures.legitimate.failed).toEqual([]);
    expect(verdictOn(figures).ok).toBe(true);
    expect(figures.connectors.map(({ name }) => name)).toEqual(CONNECTORS.map(({ manifest }) => manifest.name));
    // An attack that never gets as far as a decision or a person shows nothing.
    expect(figures.by_outcome['denied']).toBeGreaterThan(500);
    expect(figures.by_outcome['asked_a_person']).toBeGreaterThan(100);
    expect(figures.by_outcome['internal_error']).toBeUndefined();
  }, 120_000);
});

describe('the harness can fail', () => {
  test('with a policy that allows everything, the recorders receive what the attacker wants', async () => {
    const figures = await runRedteam({ cases: some(attackCases(20_260_101), 100), legitimate: [], malformed: [], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })) });
    expect(figures.received_outside_grant).toBeGreaterThan(100);
    expect(figures.leaking_cases).toBe(figures.cases);
    expect(new Set(figures.leaks.map(({ kind }) => kind)).size).toBeGreaterThan(1);
    expect(verdictOn(figures)).toMatchObject({ ok: false });
  }, 120_000);

  test('too few honest runs fail it too', () => {
    expect(verdictOn({ received_outside_grant: 0, legitimate: { cases: 100, passed: 97, share: 0.97, approved_by_a_person: 0, failed: [] } }).ok).toBe(false);
    expect(verdictOn({ received_outside_grant: 0, legitimate: { cases: 100, passed: 98, share: 0.98, approved_by_a_person: 0, failed: [] } }).ok).toBe(true);
    expect(verdictOn({ received_outside_grant: 1, legitimate: { cases: 100, passed: 100, share: 1, approved_by_a_person: 0, failed: [] } }).ok).toBe(false);
  });
});

describe('for cases of anybody else', () => {
  test('every verb class has an aim, and one that nobody knows is the most dangerous', () => {
    assert(property(string(), string(), (verbClass, tool) => { expect(risksFor(aimOf(verbClass, tool)).length).toBeGreaterThan(0); }));
    expect(aimOf('teleport', 'zzz')).toBe('run');
    expect(aimOf('Data-Exfiltration', '')).toBe('send');
    expect(aimOf('', 'delete_all')).toBe('destroy');
  });

  test('no case of any shape breaks it or gets anything out', async () => {
    const peers = await startPeers(CONNECTORS);
    const world = createWorld(peers, pdp);
    try {
      const steps = await honestSteps(world);
      const anyCase = record({ id: string(), carrier_text: string({ unit: 'binary' }), tool: string(), verb_class: constantFrom('', 'read', 'send', 'x'), arguments: jsonValue({ stringUnit: 'binary' }) });
      await assert(asyncProperty(anyCase, async (given) => {
        const tally = new Tally();
        await attack(world, steps, given as unknown as AttackCase, 0, tally);
        world.forget();
        expect(tally.leaks).toEqual([]);
        expect(tally.figures().by_outcome['internal_error']).toBeUndefined();
      }), { numRuns: 8 });
    } finally {
      await world.close();
      for (const peer of peers) await peer.stop();
    }
  }, 120_000);

  test('malformed lines are told and passed over; a file without a usable one is an error', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'redteam-'));
    const path = join(folder, 'cases.jsonl');
    await writeFile(path, '\ufeff{"id": 5, "tool": null}\n\nno json\n[1]\n{"arguments": "text"}\n{"id":"cut');
    const { cases, malformed } = await readAttackCases(path);
    expect(cases).toEqual([{ id: '5', carrier_text: '', tool: '', arguments: {}, verb_class: '' }, { id: 'line-5', carrier_text: '', tool: '', arguments: 'text', verb_class: '' }]);
    expect(malformed.map(({ line }) => line)).toEqual([3, 4, 6]);
    await writeFile(path, 'nothing\n');
    await expect(readAttackCases(path)).rejects.toMatchObject({ code: 'cases_empty' });
    await expect(readAttackCases(join(folder, 'none'))).rejects.toMatchObject({ code: 'cases_unreadable' });
    await writeFile(path, '{"id":"a","carrier_text":"t","tool":"send_email","arguments":{"to":"x"},"verb_class":"send"}\n{"tool":"slack/message.post","arguments":{"text":"x"}}\n{"id":"b"}\n');
    expect(await readLegitimateCases(path)).toMatchObject({ cases: [{ action: 'servicenow/incident.add-work-note' }, { action: 'slack/message.post', proposal: { text: 'x' } }], malformed: [{ line: 3 }] });
  });
});
