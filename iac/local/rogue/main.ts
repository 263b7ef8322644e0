import path from 'node:path';
import type { AgentCommand } from '../agent-proof/agent-process.ts';
import { ROOT } from '../config.ts';
import { readArguments, USAGE } from './arguments.ts';
import { RogueError } from './errors.ts';
import { rogue } from './rogue.ts';

/** `npm run rogue` */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const report = await rogue(commandOf(options.binary), (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(report, null, options.json ? 0 : 2)}\n`);
  return report.findings.length === 0 && report.calls === 0 ? 0 : 1;
}

function commandOf(binary: string | null): AgentCommand {
  return binary === null ? [process.execPath, '--disable-warning=ExperimentalWarning', path.join(ROOT, 'agent/main.ts')] : [path.resolve(binary)];
}

process.exit(await main().catch((error: unknown) => {
  if (!(error instanceof RogueError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
}));
