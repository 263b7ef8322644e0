/**
 * `npm run record-histories`: plays every scenario with real workers on a PostgreSQL of its own, and writes what each run went through to
 * `execution-plane/golden/histories/`. What was recorded before is left alone: it is what today's engine is held to. `--only <part of a name>` for some of them.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readHistory } from '@countersign/execution-plane/golden/repository-histories.ts';
import { SCENARIOS } from '@countersign/execution-plane/golden/scenarios.ts';
import type { Scenario } from '@countersign/execution-plane/golden/scenarios.ts';
import { Plant } from '@countersign/execution-plane/testing/plant.ts';
import { ROOT } from './config.ts';
import { startTestPostgres } from './test/postgres-setup.ts';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const server = await startTestPostgres();

for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only ?? ''))) {
  const file = fileOf(scenario);
  if (existsSync(file)) continue;
  await record(scenario, file);
  process.stdout.write(`${path.basename(file)}\n`);
}
await server.stop();

async function record(scenario: Scenario, file: string): Promise<void> {
  const plant = await Plant.open(scenario.workflows, server.adminUrl);
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
  return path.join(ROOT, 'execution-plane/golden/histories', `${name.replaceAll(/[^a-z]+/g, '-')}.json`);
}
