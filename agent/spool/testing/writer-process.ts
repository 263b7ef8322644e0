import { openForTest } from './open-for-test.ts';

/**
 * Run by a test: appends entries to the spool of a folder, as many at a time as it is told, and says each number as soon as it is on the disk. It is
 * killed somewhere in between.
 */
const [folder = '', at_a_time = '1'] = process.argv.slice(2);
const spool = await openForTest(folder);
for (let n = 0; ; n += 1) {
  const seqs = await Promise.all(Array.from({ length: Number(at_a_time) }, (_, i) => spool.append('agent.stopped', { reason: `${n}/${i}` })));
  process.stdout.write(`${seqs.join(' ')}\n`);
}
