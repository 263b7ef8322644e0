import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousInBothSchemes } from './testing/axe.ts';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import { decisionLog } from './testing/data/decisions.ts';
import { idOf } from './testing/data/ids.ts';
import { ENVIRONMENTS, releases } from './testing/data/policy.ts';
import { workflows } from './testing/data/setup.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';

const PAGES = [
  '/sign-in?to=%2Fruns', '/sign-in?tenant=acme&error=sign_in_refused', '/runs', '/runs/succeeded', '/runs/failed', '/runs/waiting', '/runs/running', '/runs/succeeded?tab=graph', '/runs/succeeded?tab=evidence', '/runs/succeeded?tab=audit', '/runs/succeeded?tab=json', '/runs/running?tab=timeline', '/runs?attention=true', '/operations', '/dead-letters', '/dead-letters?state=failed', '/schedules',
  '/approvals', '/tickets', '/workflows', `/workflows/${workflows()[0]?.id}`, '/connectors', '/policy', '/policy/layers/tenant', `/policy/layers/${ENVIRONMENTS[0]?.environment_id}`, '/policy/releases', `/policy/releases/${releases()[0]?.id}`, '/policy/shadow', '/policy/simulate', '/policy/simulate?decision=dec_1',
  '/policy/replays', '/policy/replays/running', '/policy/replays/one', '/policy/kill-switches', '/decisions', '/decisions/differs', '/audit', '/audit/checkpoints', '/audit/sinks', '/audit/witnesses', '/evidence', '/people', '/people/lead', '/roles', '/machines', '/identity-providers', '/credentials', '/agents', '/changes?show=all', '/break-glass', '/workspaces', '/limits', '/account', '/keys', '/privacy', '/cost', '/slack/link', '/nowhere',
];

let browser: Browser;
let usual: MockApi;
let engine: MockApi;
/** Kept open for all pages, as a person does: only the first one has to fetch and compile the console. */
let page: Page;
const refused: string[] = [];
const NOTHING = { light: [], dark: [] };

beforeAll(async () => {
  await buildConsole();
  browser = await startBrowser();
  usual = await startMockApi({ scenario: 'usual', signedIn: true });
  engine = await startMockApi({ scenario: 'engine', signedIn: true });
  page = await openPage(browser);
  page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) refused.push(message.text()); });
}, 120_000);
afterAll(async () => {
  await browser.close();
  await usual.stop();
  await engine.stop();
  expect([...usual.violations, ...engine.violations]).toEqual([]);
});

/** The address with the id of a run in that state, of a replay of that name, of a decision that a shadow differs from. */
function addressOf(path: string): string {
  if (path === '/decisions/differs') return `/decisions/${decisionLog(usual.world.runs).find(({ differs }) => differs)?.id}`;
  if (path.startsWith('/people/')) return `/people/${idOf('principal', path.slice('/people/'.length))}`;
  if (path.startsWith('/policy/replays/')) return `/policy/replays/${idOf('policy_replay', path.slice('/policy/replays/'.length))}`;
  return path.replace(/^\/runs\/([a-z]+)/, (_whole, state: string) => `/runs/${usual.world.runs.find((run) => run.state === state)?.id}`);
}

describe('nothing serious by axe, in light and in dark', () => {
  it.each(PAGES)('%s', async (path) => {
    refused.length = 0;
    await show(page, usual.url + addressOf(path));
    expect(await seriousInBothSchemes(page)).toEqual(NOTHING);
    expect(refused).toEqual([]);
  });

  it.each([
    ['/policy', 'Gate'], ['/identity-providers', 'Add a provider'], ['/credentials', 'Store a credential'], ['/agents', 'Make a pool'], ['/agents', 'Place a system'], ['/audit/sinks', 'Add a sink'], ['/audit/witnesses', 'Add a witness'], ['/people', 'Invite somebody'], ['/roles', 'Make a role'], ['/roles', 'Give a role'], ['/changes', 'grant role'], ['/machines', 'Trust an issuer'], ['/privacy', 'Hold something'], ['/keys', 'What it signed'], ['/evidence', 'Ask for evidence'], ['/privacy', 'Erase somebody'], ['/policy/releases', 'Promote to prod'], ['/policy/replays', 'Start a replay'], ['/policy/kill-switches', 'Stop something'], ['/policy/layers/tenant', 'Add a file'],
  ])('%s, asked by %s', async (path, name) => {
    await show(page, usual.url + path);
    await page.getByRole('button', { name, exact: true }).last().click();
    await page.getByRole('dialog').getByRole('button').last().waitFor();
    expect(await seriousInBothSchemes(page)).toEqual(NOTHING);
  });

  it.each([
    ['the items of a map, unfolded', '/runs/0', /^60 items/], ['its timeline, unfolded', '/runs/0?tab=timeline', /^60 items/], ['a question about an outcome', '/runs/1?tab=timeline', 'Cancel run'], ['a pause', '/runs/2', 'Resume'],
    ['the context of a dead letter', '/dead-letters?state=dead,failed', /^Context of/], ['saved views', '/runs?state=failed', 'Views'], ['a redrive of all', '/dead-letters', 'Redrive'], ['a kill switch that lets go in stages', '/policy/kill-switches', 'Stop something'],
  ] as const)('%s', async (_what, path, name) => {
    await show(page, engine.url + path.replace(/\d/, (place) => engine.world.runs[Number(place)]?.id ?? ''));
    const select = page.getByRole('checkbox', { name: 'Select this page' });
    if (name === 'Redrive') await select.check();
    await page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) }).first().click();
    expect(await seriousInBothSchemes(page)).toEqual(NOTHING);
  });

  it('an event with the classes of its members, and its proof', async () => {
    await show(page, `${usual.url}/audit?type=run.created`);
    await page.getByRole('button', { name: 'run.created' }).last().click();
    await page.getByRole('button', { name: 'Prove it' }).click();
    await page.getByText('it leads to the root that the checkpoint signs').waitFor();
    expect(await seriousInBothSchemes(page)).toEqual(NOTHING);
  });

  it('a person is asked whether it happened', async () => {
    await show(page, `${engine.url}/approvals?selected=${engine.world.approvals().find(({ kind }) => kind === 'outcome')?.id}`);
    await page.getByRole('button', { name: 'It happened' }).click();
    await page.getByRole('dialog').getByRole('textbox').waitFor();
    expect(await seriousInBothSchemes(page)).toEqual(NOTHING);
  });

  it('a source with problems, and what is found of it', async () => {
    await show(page, `${usual.url}/policy/layers/tenant`);
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.insertText('x if input.acton.risk == "write"\n');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('list', { name: 'Problems' }).waitFor();
    expect(await seriousInBothSchemes(page)).toEqual(NOTHING);
  });
});
