/** Writes `agent/deps.txt`; with `--check` it only compares. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../config.ts';
import { agentDependencies } from './build-agent.ts';

const file = path.join(ROOT, 'agent/deps.txt');
const wanted = await agentDependencies();
if (!process.argv.includes('--check')) await writeFile(file, wanted);
else if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
  process.stderr.write('agent/deps.txt is not what the binary would hold now: see that what is new belongs there, then run `npm run generate`.\n');
  process.exitCode = 1;
}
