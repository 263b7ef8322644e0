import { readArguments, USAGE } from './arguments.ts';
import { OutageError } from './errors.ts';
import { startCell } from './outage-cell.ts';
import { outage } from './outage.ts';
import { smallDisk } from './small-disk.ts';

/** `npm run agent-outage` */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const cell = await startCell();
  try {
    const away = await outage(cell, cell.folder, options, say);
    say('the same on a disk of 24 MiB');
    const disk = await smallDisk(cell, cell.folder, options.seed);
    process.stdout.write(`${JSON.stringify({ outage: away, small_disk: disk }, null, options.json ? 0 : 2)}\n`);
    return away.findings.length + disk.findings.length === 0 && disk.refused_new_work === 2 ? 0 : 1;
  } finally {
    await cell.stop();
  }
}

process.exit(await main().catch((error: unknown) => {
  if (!(error instanceof OutageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
}));
