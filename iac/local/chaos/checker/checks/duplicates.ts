import type { Evidence } from '../evidence.ts';
import type { Finding } from '../verdict.ts';
import { groupBy } from './lost.ts';

/** What happened at the peer happened once: for each reference, and for each record too, should one run have named the same effect twice. */
export function findDuplicates({ effects, calls }: Evidence): Finding[] {
  const applied = effects.filter((effect) => effect.became === 'applied');
  const byReference = groupBy(applied, (effect) => `${effect.action} ${effect.reference}`);
  const byRecord = groupBy(applied, (effect) => `${effect.action} of ${effect.record}`);
  const succeeded = groupBy(calls.filter((call) => call.risk === 'write' && call.state === 'succeeded'), (call) => `${call.run_id} ${call.action_digest}`);
  return [
    ...[...byReference, ...byRecord].filter(([, lines]) => lines.length > 1).map(([name, lines]): Finding => ({
      check: 'duplicate', what: `${name} happened ${lines.length} times (lines ${lines.map((line) => line.n).join(', ')} of the peer's journal, by ${lines.map((line) => line.worker).join(', ')}).`,
    })),
    ...[...succeeded].filter(([, rows]) => rows.length > 1).map(([name, rows]): Finding => ({ check: 'duplicate', what: `${rows.length} calls say that they did ${name}: ${rows.map((row) => row.id).join(', ')}.` })),
  ];
}
