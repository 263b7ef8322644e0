/** `node testing/screenshots.ts FOLDER`: every page of the console, light and dark, wide and narrow, as it looks against the stand-in. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openPage, show, startBrowser } from './browser.ts';
import type { ScenarioName } from './data/scenarios.ts';
import { decisionLog, replays } from './data/decisions.ts';
import { ENVIRONMENTS, releases } from './data/policy.ts';
import { workflows } from './data/setup.ts';
import { startMockApi } from './http/mock-api.ts';
import type { World } from './http/world.ts';

interface Shot {
  name: string;
  scenario: ScenarioName;
  path: (world: World) => string;
}

const SIZES = [{ name: 'wide', width: 1440, height: 900 }, { name: 'narrow', width: 390, height: 844 }];

const SHOTS: Shot[] = [
  { name: 'runs', scenario: 'many', path: () => '/runs' },
  { name: 'runs-empty', scenario: 'empty', path: () => '/runs' },
  { name: 'runs-failing', scenario: 'failing', path: () => '/runs' },
  { name: 'run-waiting', scenario: 'usual', path: (world) => `/runs/${withState(world, 'waiting')}` },
  { name: 'run-succeeded', scenario: 'usual', path: (world) => `/runs/${withState(world, 'succeeded')}` },
  { name: 'run-failed', scenario: 'usual', path: (world) => `/runs/${withState(world, 'failed')}` },
  { name: 'run-running', scenario: 'usual', path: (world) => `/runs/${withState(world, 'running')}` },
  ...['graph', 'evidence', 'audit', 'json'].map((tab): Shot => ({ name: `run-${tab}`, scenario: 'usual', path: (world) => `/runs/${withState(world, 'succeeded')}?tab=${tab}` })),
  { name: 'approvals', scenario: 'usual', path: () => '/approvals' },
  { name: 'approvals-viewer', scenario: 'viewer', path: () => '/approvals' },
  { name: 'approvals-empty', scenario: 'empty', path: () => '/approvals' },
  { name: 'operations', scenario: 'usual', path: () => '/operations' },
  { name: 'dead-letters', scenario: 'many', path: () => '/dead-letters?state=dead,failed' },
  { name: 'dead-letters-empty', scenario: 'empty', path: () => '/dead-letters' },
  { name: 'run-map', scenario: 'engine', path: (world) => `/runs/${world.runs[0]?.id}` },
  { name: 'run-map-timeline', scenario: 'engine', path: (world) => `/runs/${world.runs[0]?.id}?tab=timeline` },
  { name: 'run-outcome-timeline', scenario: 'engine', path: (world) => `/runs/${world.runs[1]?.id}?tab=timeline` },
  { name: 'run-paused', scenario: 'engine', path: (world) => `/runs/${world.runs[2]?.id}` },
  { name: 'schedules', scenario: 'usual', path: () => '/schedules' },
  { name: 'operations-empty', scenario: 'empty', path: () => '/operations' },
  { name: 'tickets', scenario: 'usual', path: () => '/tickets' },
  { name: 'tickets-no-sandbox', scenario: 'no-sandbox', path: () => '/tickets' },
  { name: 'workflows', scenario: 'usual', path: () => '/workflows' },
  { name: 'workflow', scenario: 'usual', path: () => `/workflows/${workflows()[0]?.id}` },
  { name: 'connectors', scenario: 'usual', path: () => '/connectors' },
  { name: 'policy', scenario: 'usual', path: () => '/policy' },
  { name: 'policy-stale', scenario: 'stale-policy', path: () => '/policy' },
  { name: 'policy-layer', scenario: 'usual', path: () => '/policy/layers/tenant' },
  { name: 'policy-layer-new', scenario: 'no-opa', path: () => `/policy/layers/${ENVIRONMENTS[0]?.environment_id}` },
  { name: 'policy-releases', scenario: 'usual', path: () => '/policy/releases' },
  { name: 'policy-release', scenario: 'usual', path: () => `/policy/releases/${releases()[0]?.id}` },
  { name: 'policy-stopped', scenario: 'stopped', path: () => '/policy/kill-switches' },
  { name: 'policy-recovering', scenario: 'engine', path: () => '/policy/kill-switches' },
  { name: 'approvals-stopped', scenario: 'stopped', path: () => '/approvals' },
  { name: 'approvals-outcome', scenario: 'engine', path: (world) => `/approvals?selected=${world.approvals().find(({ kind }) => kind === 'outcome')?.id}` },
  { name: 'policy-shadow', scenario: 'usual', path: () => '/policy/shadow' },
  { name: 'policy-simulate', scenario: 'usual', path: () => '/policy/simulate' },
  { name: 'policy-replays', scenario: 'usual', path: () => '/policy/replays' },
  { name: 'policy-replay', scenario: 'usual', path: (world) => `/policy/replays/${replays(decisionLog(world.runs))[1]?.id}` },
  { name: 'decisions', scenario: 'usual', path: () => '/decisions' },
  { name: 'decision', scenario: 'usual', path: (world) => `/decisions/${decisionLog(world.runs).find(({ differs }) => differs)?.id}` },
  { name: 'approvals-step-up', scenario: 'step-up', path: () => '/approvals' },
  { name: 'people', scenario: 'usual', path: () => '/people' },
  { name: 'person', scenario: 'usual', path: (world) => `/people/${world.people.people[1]?.id}` },
  { name: 'roles', scenario: 'usual', path: () => '/roles' },
  { name: 'machines', scenario: 'usual', path: () => '/machines' },
  { name: 'identity-providers', scenario: 'usual', path: () => '/identity-providers' },
  { name: 'credentials', scenario: 'usual', path: () => '/credentials' },
  { name: 'agents', scenario: 'usual', path: () => '/agents' },
  { name: 'audit-sinks', scenario: 'usual', path: () => '/audit/sinks' },
  { name: 'witnesses', scenario: 'usual', path: () => '/audit/witnesses' },
  ...['people', 'roles', 'machines', 'identity-providers', 'credentials', 'agents', 'audit/sinks', 'audit/witnesses', 'evidence', 'privacy'].map((page): Shot => ({ name: `${page.replace('/', '-')}-empty`, scenario: 'empty', path: () => `/${page}` })),
  ...['identity-providers', 'agents', 'audit/sinks', 'privacy'].map((page): Shot => ({ name: `${page.replace('/', '-')}-viewer`, scenario: 'viewer', path: () => `/${page}` })),
  { name: 'changes', scenario: 'usual', path: () => '/changes?show=all' },
  { name: 'break-glass', scenario: 'usual', path: () => '/break-glass' },
  { name: 'workspaces', scenario: 'usual', path: () => '/workspaces' },
  { name: 'limits', scenario: 'usual', path: () => '/limits' },
  { name: 'account', scenario: 'usual', path: () => '/account' },
  { name: 'checkpoints', scenario: 'usual', path: () => '/audit/checkpoints' },
  { name: 'evidence', scenario: 'usual', path: () => '/evidence' },
  { name: 'keys', scenario: 'usual', path: () => '/keys' },
  { name: 'privacy', scenario: 'usual', path: () => '/privacy' },
  { name: 'audit', scenario: 'usual', path: () => '/audit' },
  { name: 'cost', scenario: 'many', path: () => '/cost' },
  { name: 'not-found', scenario: 'usual', path: () => '/nowhere' },
  { name: 'sign-in', scenario: 'usual', path: () => '/sign-in?to=%2Fruns' },
  { name: 'sign-in-methods', scenario: 'usual', path: () => '/sign-in?tenant=acme&error=sign_in_refused' },
];

const [folder = 'screenshots', only = ''] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const browser = await startBrowser();
try {
  for (const shot of SHOTS.filter(({ name }) => name.includes(only))) await take(browser, shot);
} finally {
  await browser.close();
}

async function take(browser: Browser, { name, scenario, path }: Shot): Promise<void> {
  const api = await startMockApi({ scenario, signedIn: true });
  for (const scheme of ['light', 'dark'] as const) {
    for (const size of SIZES) {
      const page = await openPage(browser, { scheme, width: size.width, height: size.height });
      page.on('console', (message) => { if (message.type() === 'error') console.log(name, message.text()); });
      await show(page, api.url + path(api.world));
      await page.waitForLoadState('load');
      // A graph that was just scaled is drawn without its letters for one frame.
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100))));
      await page.screenshot({ path: join(folder, `${name}.${size.name}.${scheme}.png`), fullPage: size.name === 'narrow' });
      await page.context().close();
    }
  }
  if (api.violations.length > 0) console.log(name, api.violations);
  await api.stop();
}

function withState(world: World, state: World['runs'][number]['state']): string {
  return world.runs.find((run) => run.state === state)?.id ?? 'missing';
}
