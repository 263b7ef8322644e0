import { createHash } from 'node:crypto';
import type { EventRow, Evidence } from '../evidence.ts';
import type { Finding } from '../verdict.ts';
import { groupBy } from './lost.ts';

const FIRST_PREV_HASH = '0'.repeat(64);

/** Every event is sealed in an unbroken chain whose head is the one that is kept, and no state of a table lacks its event. */
export function findAuditBreaks({ events, heads, runs, calls, decisions }: Evidence): Finding[] {
  const chains = groupBy(events, (event) => event.chain);
  const told = groupBy(events, (event) => `${event.type} ${subjectOf(event)}`);
  const untold = (type: string, rows: ReadonlyArray<{ readonly id: string }>): string[] => rows.filter((row) => !told.has(`${type} ${row.id}`)).map((row) => `${row.id} has no event ${type}.`);
  const ended = calls.filter((call) => call.state === 'succeeded' || call.state === 'failed');
  return [
    ...[...chains].flatMap(([chain, links]) => breaksOf(chain, links, heads.find((head) => head.chain === chain)?.hash)),
    ...untold('run.created', runs), ...untold('call.intended', calls), ...untold('call.outcome', ended), ...untold('decision.made', decisions),
  ].map((what): Finding => ({ check: 'audit', what }));
}

function breaksOf(chain: string, events: readonly EventRow[], head: string | undefined): string[] {
  const found = events.filter((event) => event.seq === null).map((event) => `${event.id} is not sealed.`);
  let prev_hash = FIRST_PREV_HASH;
  const links = events.filter((event) => event.seq !== null).sort((a, b) => (a.seq as number) - (b.seq as number));
  links.forEach((event, i) => {
    // Member by member and in this order: the canonical form of a link, written down here a second time.
    const line = `{"body_sha256":"${sha256(event.body)}","prev_hash":"${prev_hash}","seq":${i + 1}}`;
    if (event.line !== line || event.hash !== sha256(line) || event.prev_hash !== prev_hash) found.push(`link ${event.seq} of ${chain} does not follow.`);
    prev_hash = event.hash ?? '';
  });
  if (links.length > 0 && head !== prev_hash) found.push(`the head of ${chain} is not its last link.`);
  return found;
}

function subjectOf(event: EventRow): string {
  return (JSON.parse(event.body) as { subject: { id: string } }).subject.id;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
