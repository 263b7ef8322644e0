import { setTimeout as delay } from 'node:timers/promises';
import { TrustedClock } from '@countersign/agent/clock/trusted-clock.ts';
import { loadEnrolment } from '@countersign/agent/enrolment/identity.ts';
import { CellConnection } from '@countersign/agent/session/cell-connection.ts';
import { CellLink } from '@countersign/agent/session/cell-link.ts';
import { DeliverLoop } from '@countersign/agent/session/deliver-loop.ts';
import type { DeliverLoopParts } from '@countersign/agent/session/deliver-loop.ts';
import { SessionError } from '@countersign/agent/session/errors.ts';
import { openSpool, PROMISED_BYTES_PER_ORDER } from '@countersign/agent/spool/open-spool.ts';
import type { Spool } from '@countersign/agent/spool/spool.ts';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import { AgentWork } from './agent-work.ts';
import type { Written } from './agent-work.ts';

/**
 * The process that is killed: the agent's own spool, its way of delivering and its identity, around work that writes as an agent does. Each line that
 * it says is true when it is said: `w` an entry is on the disk, `d` the cell has all up to a number, `l` an answer was lost, `full`, `written`.
 */
export interface AgentProcessOptions {
  readonly state_dir: string;
  /** The near end of the cable. */
  readonly url: string;
  readonly entries: number;
  readonly content_bytes: number;
  readonly limit_bytes: number;
  readonly reserve_bytes: number;
  /** When the hour begins, by the clock of the wall. */
  readonly began_ms: number;
  readonly lost_percent: number;
  readonly seed: string;
}

const HOUR_MS = 3_600_000;
const ORDERS_AT_ONCE = 8;
/** So few that there are many answers to lose. */
const ENTRIES_PER_DELIVERY = 40;
/** For the disk, or for the cable. */
const RETRY_MS = 20;

const options = JSON.parse(process.argv[2]!) as AgentProcessOptions;
const random = new Seeded(options.seed);
const { identity, keys } = await loadEnrolment(options.state_dir);
/** An hour passes while all of it is written, however often the process begins again. */
let written = 0;
const clock = new TrustedClock(() => new Date(options.began_ms + Math.floor((written / options.entries) * HOUR_MS)));
const spool = await openSpool({ folder: options.state_dir, limit_bytes: options.limit_bytes, reserve_bytes: options.reserve_bytes, promised_bytes_per_order: PROMISED_BYTES_PER_ORDER, clock }, identity.agent_id);
written = spool.room().seq;
const work = new AgentWork(spool, options.content_bytes);

const link = new CellLink(async () => losing(await CellConnection.open({ url: new URL(options.url), ca_pem: identity.ca_pem, proxy: null }, {
  certificate_pem: identity.certificate_pem, private_key_pem: keys.signing.export({ type: 'pkcs8', format: 'pem' }) as string,
})));
const delivery = new DeliverLoop({ link, spool: telling(spool), random: () => random.next() / 50, onFailure: () => undefined, onForked: (error) => failed(error) });
delivery.start();
const done = new AbortController();
const dialling = dial();
await Promise.all([watch(), goOn(), ...Array.from({ length: ORDERS_AT_ONCE }, () => orders())]).catch(failed);
say('written');
await delivery.caughtUp();
done.abort();
await Promise.all([delivery.stop(), dialling]);
link.close();
spool.close();

/** What the loop that polls does in the agent: it sees to it that there is a connection. */
async function dial(): Promise<void> {
  while (!done.signal.aborted) {
    await link.connect().catch(() => undefined);
    await delay(RETRY_MS);
  }
}

async function watch(): Promise<void> {
  while (written < options.entries) {
    const found = spool.room().open ? await unlessFull(() => work.found()) : null;
    if (found === null) await full();
    else wrote(found);
  }
}

async function orders(): Promise<void> {
  while (written < options.entries) {
    const taken = await unlessFull(() => work.taken());
    if (taken === null) {
      await full();
      continue;
    }
    wrote(taken);
    await toTheEnd(taken.order_id, 'accepted');
  }
}

async function goOn(): Promise<void> {
  for (const { id, state } of await work.open()) await toTheEnd(id, state);
}

async function toTheEnd(order_id: string, state: string): Promise<void> {
  if (state === 'accepted') wrote(await untilThereIsRoom(() => work.intended(order_id)));
  wrote(await untilThereIsRoom(() => work.ended(order_id)));
}

/** What was taken is told, however long the disk stays full. */
async function untilThereIsRoom<T>(write: () => Promise<T>): Promise<T> {
  for (;;) {
    const value = await unlessFull(write);
    if (value !== null) return value;
    await full();
  }
}

async function unlessFull<T>(write: () => Promise<T>): Promise<T | null> {
  try {
    return await write();
  } catch (error) {
    if ((error as { code?: string }).code === 'spool_full') return null;
    throw error;
  }
}

async function full(): Promise<void> {
  say('full');
  await delay(RETRY_MS);
}

function wrote({ seq, name }: Written): void {
  written = Math.max(written, seq);
  say(`w ${seq} ${name}`);
}

function telling(of: Spool): DeliverLoopParts['spool'] {
  return {
    epoch: of.epoch,
    room: () => of.room(),
    undelivered: (max_entries, max_bytes) => of.undelivered(Math.min(max_entries, ENTRIES_PER_DELIVERY), max_bytes),
    whenUndelivered: () => of.whenUndelivered(),
    delivered: async (seq, hash) => {
      await of.delivered(seq, hash);
      say(`d ${seq}`);
    },
  };
}

/** Of some deliveries the cell's answer never arrives: it has taken them, and the agent does not know. */
function losing(connection: CellConnection): CellConnection {
  const ask = connection.ask.bind(connection);
  connection.ask = async (question) => {
    const answer = await ask(question);
    if (question.path !== AGENT_PATHS.deliver || !random.chance(options.lost_percent / 100)) return answer;
    say('l');
    connection.close();
    throw new SessionError('cell_silent', 'The answer was lost on the way.');
  };
  return connection;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function failed(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
