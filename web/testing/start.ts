import { standInPort } from './config.ts';
import type { ScenarioName } from './data/scenarios.ts';
import { startMockApi } from './http/mock-api.ts';

const SCENARIOS: readonly ScenarioName[] = ['usual', 'many', 'empty', 'failing', 'viewer', 'stale-policy', 'no-opa', 'stopped', 'step-up', 'no-sandbox', 'crowded', 'engine', 'no-role'];

const wanted = process.argv[2] ?? 'usual';
const scenario = SCENARIOS.find((name) => name === wanted);
if (scenario === undefined) {
  console.error(`There is no scenario "${wanted}". Name one of: ${SCENARIOS.join(', ')}.`);
  process.exit(2);
}
const api = await startMockApi({ scenario, port: standInPort(), signedIn: true });
console.log(`Stand-in for tests (made-up data, scenario "${scenario}"): ${api.url}`);
console.log('Build the console first: npm run build -w web');
