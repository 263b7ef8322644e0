import { fork } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { baseEnvironment, ROOT } from '../config.ts';
import type { ChaosOptions } from './arguments.ts';
import { judge } from './checker/judge.ts';
import type { Verdict } from './checker/verdict.ts';
import { ChaosError } from './errors.ts';
import { Fleet } from './fleet.ts';
import { JournalOfStrikes } from './journal-of-strikes.ts';
import { REQUESTS_PER_RUN, seedLanes } from './lanes.ts';
import type { FromLedger, LedgerOrder, ToLedger } from './peer/ledger-main.ts';
import { ScratchCell } from './scratch-cell.ts';
import { openQueue } from './queue.ts';
import { planStrikes } from './strikes.ts';
import type { Strike } from './strikes.ts';
import { Traffic } from './traffic.ts';

export interface ChaosReport {
  readonly options: ChaosOptions;
  readonly took_ms: number;
  readonly runs_per_second: number;
  readonly struck: {
    readonly kills: number;
    /** Kills between an effect and the commit of its outcome. */
    readonly kills_between_effect_and_outcome: number;
    readonly pauses: number;
    readonly postgres_crashes: number;
    readonly workers_ended_by_themselves: number;
  };
  /** Writes of workers whose lease was gone: they were refused. */
  readonly stale_writes_refused: number;
  readonly verdict: Verdict;
  readonly folder: string | null;
}

/** Carries out a run of chaos on a cell of its own, and has it judged by the checker. */
export async function runChaos(options: ChaosOptions, say: (line: string) => void = () => undefined): Promise<ChaosReport> {
  const cell = await ScratchCell.open();
  try {
    return await inflict(options, cell, say);
  } finally {
    await cell.close(options.keep);
  }
}

async function inflict(options: ChaosOptions, cell: ScratchCell, say: (line: string) => void): Promise<ChaosReport> {
  const logsFolder = cell.path('logs');
  mkdirSync(logsFolder);
  const control = new Database({ url: cell.url('countersign_control'), applicationName: 'chaos', maxConnections: 8, onConnectionError: () => undefined });
  const random = new Seeded(options.seed, 'driver');
  const strikes = new JournalOfStrikes(cell.path('strikes.jsonl'));
  writeFileSync(cell.path('accepted.jsonl'), '');
  const hands: { strike: (strike: Strike, worker: string) => Promise<void> } = { strike: () => Promise.resolve() };
  const planned = planStrikes(options, options.runs * REQUESTS_PER_RUN);
  const left = new Map(planned.map((strike) => [strike.id, strike]));
  const ledger = await startLedger({ seed: options.seed, journal: cell.path('peer.jsonl'), strikes: planned }, async (strike, worker) => {
    await hands.strike(strike, worker);
    left.delete(strike.id);
  });
  const raisable = (): number => Math.floor(Math.min(...[...left.values()].map(({ from_request }) => from_request)) / REQUESTS_PER_RUN) + options.in_flight;
  const keyFile = cell.path('key');
  const objectsFolder = cell.path('objects');
  const lanes = await seedLanes(control, { keyFile, objectsFolder, peerUrl: ledger.url });
  const queue = await openQueue(options.queue, options.seed);
  const fleet = new Fleet({
    workers: options.workers, logsFolder, random,
    environment: {
      COUNTERSIGN_EXECUTION_DATABASE_URL: cell.url('countersign_execution'), COUNTERSIGN_OBJECTS_DIR: objectsFolder, COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_CONCURRENCY: '6',
      COUNTERSIGN_LEASE_MS: String(options.lease_ms), COUNTERSIGN_RECONCILE_SECONDS: '0', COUNTERSIGN_POLICY_THREADS: '1', COUNTERSIGN_LOG_LEVEL: 'debug', ...queue.environment,
    },
  });
  hands.strike = strikeWith({ options, cell, fleet, strikes, random });
  await fleet.start();
  say(`${options.workers} workers take work; ${options.runs} runs, ${options.kills} kills, ${options.pauses} pauses, ${options.postgres_crashes} crashes of PostgreSQL, seed ${options.seed}`);

  const traffic = new Traffic({ database: control, lanes, options, isWorking: () => fleet.isWorking, raisable, onAccepted: (accepted) => appendFileSync(cell.path('accepted.jsonl'), `${JSON.stringify(accepted)}\n`), say });
  const began = performance.now();
  await traffic.untilEnded();
  const took_ms = Math.round(performance.now() - began);
  await fleet.stop();
  await traffic.sealAll();
  await control.close();
  await queue.stop();
  ledger.stop();
  const verdict = await judge({ folder: cell.folder, databaseUrl: cell.url(), leaseMs: options.lease_ms });
  const kills = strikes.lines.filter((line) => line.does === 'kill');
  return {
    options, took_ms, runs_per_second: Math.round(options.runs / took_ms * 100_000) / 100,
    struck: {
      kills: kills.length, kills_between_effect_and_outcome: kills.filter((line) => line.where === 'sent').length, pauses: strikes.lines.filter((line) => line.does === 'pause').length,
      postgres_crashes: strikes.lines.filter((line) => line.does === 'crash_postgres').length, workers_ended_by_themselves: fleet.endedByThemselves,
    },
    stale_writes_refused: countInLogs(logsFolder, 'the lease was lost'), verdict, folder: options.keep ? cell.folder : null,
  };
}

interface Hands { readonly options: ChaosOptions; readonly cell: ScratchCell; readonly fleet: Fleet; readonly strikes: JournalOfStrikes; readonly random: Seeded }

/** A pause outlasts the lease, so that another worker has the step when the first goes on. */
const PAUSE_LEASES = { least: 1.3, most: 1.9 };

function strikeWith({ options, cell, fleet, strikes, random }: Hands): (strike: Strike, sender: string) => Promise<void> {
  let crash = Promise.resolve();
  const crashAfter = async (before: Promise<void>): Promise<void> => {
    await before;
    const began_ms = Date.now();
    await cell.crashPostgres();
    strikes.append({ at_ms: began_ms, until_ms: Date.now(), does: 'crash_postgres', where: 'anywhere', worker: null });
  };
  return async ({ does, where }, sender) => {
    const at_ms = Date.now();
    const wanted = where === 'anywhere' ? null : sender;
    if (does === 'crash_postgres') {
      crash = crashAfter(crash);
      return crash;
    }
    if (does === 'kill') {
      const worker = await untilDone(() => fleet.kill(wanted), wanted === null ? TRIES : TRIES_WHILE_HELD) ?? await untilDone(() => fleet.kill(null), TRIES);
      if (worker !== null) strikes.append({ at_ms, until_ms: Date.now(), does, where: worker === sender ? where : 'anywhere', worker });
      return;
    }
    const forMs = Math.round(options.lease_ms * (PAUSE_LEASES.least + random.next() * (PAUSE_LEASES.most - PAUSE_LEASES.least)));
    const worker = await untilDone(() => fleet.pause(wanted, forMs), wanted === null ? TRIES : TRIES_WHILE_HELD) ?? await untilDone(() => fleet.pause(null, forMs), TRIES);
    if (worker !== null) strikes.append({ at_ms, until_ms: at_ms + forMs, does, where, worker });
  };
}

const TRY_AGAIN_MS = 50;
const TRIES = 200;
/** Of the one whose request the peer holds: it gives up by itself before long. */
const TRIES_WHILE_HELD = 20;

/** Nobody may be there whom it could meet: then a moment later. Null when that lasts. */
async function untilDone(strike: () => Promise<string | null>, tries: number): Promise<string | null> {
  for (let left = tries; left > 0; left--) {
    const met = await strike();
    if (met !== null) return met;
    await delay(TRY_AGAIN_MS);
  }
  return null;
}

async function startLedger(order: LedgerOrder, strike: (strike: Strike, worker: string) => Promise<void>): Promise<{ url: string; stop(): void }> {
  const child = fork(path.join(import.meta.dirname, 'peer/ledger-main.ts'), { cwd: ROOT, env: baseEnvironment(), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(order);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new ChaosError('process_ended', `The peer ended with ${code}.`)));
    child.on('message', (message: FromLedger) => {
      if ('listening' in message) return resolve(message.listening);
      void strike(message.strike, message.worker).finally(() => child.send({ struck: message.strike.id } satisfies ToLedger));
    });
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.disconnect() };
}

function countInLogs(folder: string, words: string): number {
  return readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8').split(words).length - 1).reduce((sum, count) => sum + count, 0);
}

/** The last strikes may find nobody at work any more. */
const ENOUGH = 0.9;

/** Whether nothing was found, and what was asked for was also done. */
export function holds({ options, struck, verdict }: ChaosReport): boolean {
  return verdict.findings.length === 0 && struck.kills >= options.kills * ENOUGH && struck.pauses >= options.pauses * ENOUGH && struck.postgres_crashes >= options.postgres_crashes * ENOUGH && struck.workers_ended_by_themselves === 0;
}

