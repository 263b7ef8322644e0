import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { enrol } from '@countersign/agent/enrolment/enrol.ts';
import { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import type { AgentProcessOptions } from './agent-process.ts';
import { Cable } from './cable.ts';
import { judge } from './judge.ts';
import type { Audited, Delivered, Verdict } from './judge.ts';
import { KilledAgent } from './killed-agent.ts';
import type { Line } from './killed-agent.ts';

/** What an outage needs of a cell. */
export interface OutageCell {
  /** Of the agent port. */
  readonly url: URL;
  /** An enrolment token, for one agent. */
  token(): Promise<string>;
  delivered(agentId: string): Promise<Delivered>;
  /** What its audit says of the agent, as soon as everything up to the entry `seq` has been made true. */
  audited(agentId: string, seq: number): Promise<readonly Audited[]>;
}

export interface OutageReport extends Verdict {
  readonly entries: number;
  readonly delivered: number;
  /** Of virtual time, from the first entry to the last. */
  readonly minutes: number;
  readonly kills_while_away: number;
  readonly kills_while_delivering: number;
  readonly answers_lost: number;
  readonly took_ms: number;
}

export interface OutagePlan {
  readonly entries: number;
  readonly kills: number;
  readonly lost_percent: number;
  readonly seed: string;
}

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
const CONTENT_BYTES = 1_000;

/**
 * An agent is enrolled, its cable is pulled, and it works for an hour of virtual time while it is killed again and again. Then the cable is plugged in:
 * it delivers, is killed there, too, and loses answers. What the cell holds in the end is compared with what the agent said that it had written.
 */
export async function outage(cell: OutageCell, folder: string, { entries, kills, lost_percent, seed }: OutagePlan, say: (line: string) => void): Promise<OutageReport> {
  const began = performance.now();
  const { cable, options } = await enrolled(cell, folder, { entries, content_bytes: CONTENT_BYTES, limit_bytes: 256 * MIB, reserve_bytes: 16 * MIB, lost_percent, seed });
  const random = new Seeded(seed, 'kills');
  const agent = new KilledAgent(options, random);
  const delivering = Math.floor(kills / 5);
  const dueAway = dueAt(random, kills - delivering, entries);
  const dueThere = dueAt(random, delivering, entries);
  let killsAway = 0;
  await cable.pull();
  say(`the cable is pulled; ${entries} entries and ${dueAway.length} kills to go`);
  await agent.untilDone((line) => {
    if (!agent.isToDie && (isDue(line, 'w', dueAway) || isDue(line, 'd', dueThere))) agent.kill();
    if (line.kind !== 'written' || cable.isPlugged) return;
    killsAway = agent.told.kills;
    say(`${agent.told.last_written} entries are written; the cable is plugged in`);
    void cable.plug();
  });
  await cable.pull();
  const held = await cell.delivered(options.agent_id);
  return {
    ...judge(agent.told.written, held, await cell.audited(options.agent_id, held.entries.length)), entries, delivered: held.entries.length, minutes: minutesOf(held), kills_while_away: killsAway, kills_while_delivering: agent.told.kills - killsAway,
    answers_lost: agent.told.answers_lost, took_ms: Math.round(performance.now() - began),
  };
}

/** An agent of the cell in a folder of its own, and the cable between the two. */
export async function enrolled(cell: Pick<OutageCell, 'url' | 'token'>, folder: string, rest: Omit<AgentProcessOptions, 'state_dir' | 'url' | 'began_ms'>): Promise<{ readonly cable: Cable; readonly options: AgentProcessOptions & { readonly agent_id: string } }> {
  const cable = new Cable(cell.url);
  await cable.plug();
  const url = `https://${cell.url.hostname}:${cable.port}`;
  const state_dir = path.join(await mkdtemp(path.join(folder, 'agent-')), 'state');
  const { agent_id } = await enrol({ state_dir, token: await cell.token(), proxy: null, about: { version: '0.1.0', platform: 'linux-x64', labels: {}, capacity: 8 } });
  return { cable, options: { ...rest, state_dir, url, began_ms: Date.now() - HOUR_MS, agent_id } };
}

/** Numbers of entries after which it is killed, in their order. */
function dueAt(random: Seeded, count: number, entries: number): number[] {
  return Array.from({ length: count }, () => random.between(1, entries - 1)).sort((a, b) => a - b);
}

/** Takes all that are due from `at`: one death for each that is left. */
function isDue(line: Line, kind: 'w' | 'd', at: number[]): boolean {
  if (line.kind !== kind || at[0] === undefined || line.seq < at[0]) return false;
  at.shift();
  return true;
}

function minutesOf({ entries }: Delivered): number {
  const [first, last] = [entries[0], entries.at(-1)];
  return first === undefined || last === undefined ? 0 : Math.round((Date.parse(last.occurred_at) - Date.parse(first.occurred_at)) / 60_000);
}
