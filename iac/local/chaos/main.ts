import { readArguments, USAGE } from './arguments.ts';
import { ChaosError } from './errors.ts';
import { asText } from './report.ts';
import { holds, runChaos } from './run-chaos.ts';

/** `npm run chaos` */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const report = await runChaos(options, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : asText(report));
  return holds(report) ? 0 : 1;
}

process.exit(await main().catch((error: unknown) => {
  if (!(error instanceof ChaosError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
}));
