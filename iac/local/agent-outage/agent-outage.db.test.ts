import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentPort } from '@countersign/control-plane/agents/testing/agent-port.ts';
import { FoundEvents } from '@countersign/execution-plane/agents/found-events.ts';
import { Inbox } from '@countersign/execution-plane/agents/inbox.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { DeliveredEntries } from './delivered-entries.ts';
import { outage } from './outage.ts';
import type { OutageCell } from './outage.ts';
import { smallDisk } from './small-disk.ts';

const NOTHING_WRONG = { lost: 0, duplicated: 0, out_of_order: 0, chain: 'whole', audited_wrongly: 0, findings: [] };
const folder = mkdtempSync(path.join(tmpdir(), 'outage-'));
let port: AgentPort;
let entries: DeliveredEntries;
let cell: OutageCell;

beforeAll(async () => {
  port = await AgentPort.start();
  entries = new DeliveredEntries(port.plane.database.adminUrl, { keys: port.plane.keys, tenantId: port.plane.tenant.tenantId });
  const { plane: { database, keys, tenant: { tenantId } } } = port;
  const inbox = new Inbox({ database: database.execution, keys, clock: systemClock, log: createLogger('outage', 'silent'), found: new FoundEvents([]) });
  cell = {
    url: new URL(port.url), token: () => port.token(), delivered: (agentId) => entries.of(agentId),
    audited: async (agentId, seq) => {
      while (await inbox.take(tenantId, agentId) !== null);
      return entries.audited(agentId, seq);
    },
  };
});
afterAll(async () => {
  await entries.close();
  await port.stop();
});

it('an hour without the cell, with kills and lost answers, is told once, whole and in order', async () => {
  const report = await outage(cell, folder, { entries: 1_000, kills: 6, lost_percent: 10, seed: 'ci' }, () => undefined);
  expect(report).toMatchObject(NOTHING_WRONG);
  expect(report.delivered).toBeGreaterThanOrEqual(1_000);
  expect(report.minutes).toBeGreaterThanOrEqual(59);
  expect(report.kills_while_away + report.kills_while_delivering).toBe(6);
  expect(report.answers_lost).toBeGreaterThan(0);
});

it('a disk that somebody else fills, and then the agent itself, stops new work and loses nothing', async () => {
  const report = await smallDisk(cell, folder, 'ci');
  expect(report).toMatchObject({ ...NOTHING_WRONG, refused_new_work: 2, kills_while_full: 3 });
  expect(report.written_afterwards).toBeGreaterThan(0);
  expect(report.delivered).toBeGreaterThanOrEqual(1_000);
});
