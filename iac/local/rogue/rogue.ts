import type { EntryBodies } from '@countersign/contracts/agent/spool-entry.ts';
import { SELF } from '@countersign/agent/orders/testing/orders.ts';
import type { AgentCommand } from '../agent-proof/agent-process.ts';
import { Attack } from './attack.ts';
import type { Attacked } from './attack.ts';
import { RogueError } from './errors.ts';
import { AgentLog, isHeld } from './judge.ts';
import type { CaseReport } from './judge.ts';
import type { Means } from './order-attacks.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';
import { envelopeFor, orderParts } from './ticket-orders.ts';

export interface RogueReport {
  readonly attacks: number;
  readonly refused: number;
  /** At the ServiceNow, while it was attacked: must be 0. */
  readonly calls: number;
  /** For the good orders before and after: more than 0, or the judge would see none. */
  readonly calls_of_good_orders: readonly [number, number];
  /** What was not refused as expected, told, logged and without a call. */
  readonly findings: readonly CaseReport[];
  readonly cases: readonly CaseReport[];
  readonly took_ms: number;
}

/** An honest order is carried out, then the cell goes bad in every way there is a case for, then an honest one is carried out again. */
export async function rogue(command: AgentCommand, say: (line: string) => void): Promise<RogueReport> {
  const began = performance.now();
  const site = await openSite(command);
  try {
    const before = await goodOrder(site);
    say(`an honest order made ${before.calls} calls`);
    const lastBefore = await site.visits.last();
    const attack = new Attack(site, before.good);
    const cases: Attacked[] = [];
    for (const [what, by] of [['orders', () => attack.byOrders()], ['policy', () => attack.byPolicy()], ['keys', () => attack.byKeys()], ['time', () => attack.byClock()]] as const) {
      const attacked = await by();
      cases.push(...attacked);
      say(`${attacked.filter(({ expected, refused_with }) => expected === refused_with).length} of ${attacked.length} refused: ${what}`);
    }
    const calls = (await site.visits.since(lastBefore)).length;
    await attack.repent();
    const after = await goodOrder(site);
    const log = await AgentLog.read(site.agent.logFile);
    const reports = cases.map((one): CaseReport => ({ name: one.name, expected: one.expected, refused_with: one.refused_with, logged: one.isLogged(log), calls: one.calls }));
    return {
      attacks: reports.length, refused: reports.filter(({ refused_with }) => refused_with !== null).length, calls, calls_of_good_orders: [before.calls, after.calls],
      findings: reports.filter((report) => !isHeld(report)), cases: reports, took_ms: Math.round(performance.now() - began),
    };
  } finally {
    await site.stop();
  }
}

/** What an honest cell asks for: a work note that two people approved. @throws RogueError `agent_failed` it was not written */
async function goodOrder({ cell, visits, tickets, agent }: Site): Promise<{ readonly calls: number; readonly good: Means['good'] }> {
  const [ticket] = await tickets(1);
  const before = await visits.last();
  const parts = orderParts(ticket!, new Date());
  const envelope = await envelopeFor(parts, cell.stand_in.agent(SELF.agent_id).encryption_jwk);
  const outcome = (): EntryBodies['outcome'] | undefined => cell.entries.filter(({ kind }) => kind === 'outcome').map(({ body }) => body as EntryBodies['outcome']).find(({ order_id }) => order_id === parts.order.id);
  await cell.offer([envelope], () => outcome() !== undefined || cell.refusalOf(envelope) !== null);
  const made = await visits.since(before);
  if (outcome()?.state === 'succeeded' && made.some(({ effect }) => effect)) return { calls: made.length, good: { parts, envelope } };
  throw new RogueError('agent_failed', `An honest order was not carried out: ${cell.refusalOf(envelope) ?? outcome()?.error?.message ?? 'nothing was heard of it'}. The end of the log:\n${await agent.logTail()}`);
}
