import { readArguments, USAGE } from './arguments.ts';
import { PoisonError } from './errors.ts';
import { poison } from './poison.ts';

const FINDINGS_SHOWN = 50;

/** `npm run poison` */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const report = await poison(options, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify({ ...report, findings: report.findings.slice(0, FINDINGS_SHOWN) }, null, options.json ? 0 : 2)}\n`);
  return report.findings.length === 0 ? 0 : 1;
}

process.exit(await main().catch((error: unknown) => {
  if (!(error instanceof PoisonError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
}));
