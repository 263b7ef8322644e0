/**
 * `npm run record-histories`: plays every scenario with real workers on a PostgreSQL of its own, and writes what each run went through to
 * `histories/`. What was recorded before is left alone: it is what today's engine is held to. `--only <part of a name>` for some of them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Plant } from '../testing/plant.ts';
import type { Scenario } from './scenarios.ts';
import { SCENARIOS } from './scenarios.ts';
import { readHistory } from './repository-histories.ts';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const server = spawn(process.execPath, [path.join(import.meta.dirname, '../../iac/local/scratch-postgres.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
const [line] = await once(createInterface({ input: server.stdout }), 'line') as [string];
const { admin_url: adminUrl } = JSON.parse(line) as { admin_url: string };

for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only ?? ''))) {
  const file = fileOf(scenario);
  if (existsSync(file)) continue;
  await record(scenario, file);
  process.stdout.write(`${path.basename(file)}\n`);
}
server.stdin.end();
await once(server, 'exit');

async function record(scenario: Scenario, file: string): Promise<void> {
  const plant = await Plant.open([scenario.workflow], adminUrl);
  try {
    await plant.startWorker();
    await plant.raise('printers');
    await scenario.play(plant);
    const [run] = await plant.runs();
    const { tenantId } = plant.ids;
    const history = await plant.database.execution.forTenant(tenantId, (tx) => readHistory(tx, tenantId, run!.id, scenario.name));
    await writeFile(file, `${JSON.stringify(history, null, 1)}\n`);
  } finally {
    await plant.close();
  }
}

function fileOf({ name }: Scenario): string {
  return path.join(import.meta.dirname, 'histories', `${name.replaceAll(/[^a-z]+/g, '-')}.json`);
}
