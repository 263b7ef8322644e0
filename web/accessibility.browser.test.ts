import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import { decisionLog } from './testing/data/decisions.ts';
import { idOf } from './testing/data/ids.ts';
import { ENVIRONMENTS, releases } from './testing/data/policy.ts';
import { workflows } from './testing/data/setup.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const PAGES = [
  '/sign-in?to=%2Fruns', '/sign-in?tenant=acme&error=sign_in_refused', '/runs', '/runs/succeeded', '/runs/failed', '/runs/waiting', '/runs/running', '/runs/succeeded?tab=graph', '/runs/succeeded?tab=evidence', '/runs/succeeded?tab=audit', '/runs/succeeded?tab=json', '/runs/running?tab=timeline', '/runs?attention=true', '/operations', '/dead-letters', '/dead-letters?state=failed', '/schedules',
  '/approvals', '/tickets', '/workflows', `/workflows/${workflows()[0]?.id}`, '/connectors', '/policy', '/policy/layers/tenant', `/policy/layers/${ENVIRONMENTS[0]?.environment_id}`, '/policy/releases', `/policy/releases/${releases()[0]?.id}`, '/policy/shadow', '/policy/simulate', '/policy/simulate?decision=dec_1',
  '/policy/replays', '/policy/replays/running', '/policy/replays/one', '/policy/kill-switches', '/decisions', '/decisions/differs', '/audit', '/audit/checkpoints', '/evidence', '/people', '/people/lead', '/roles', '/machines', '/changes?show=all', '/break-glass', '/workspaces', '/limits', '/account', '/keys', '/privacy', '/cost', '/slack/link', '/nowhere',
];

let browser: Browser;
let api: MockApi;

beforeAll(async () => {
  await buildConsole();
  browser = await startBrowser();
  api = await startMockApi({ scenario: 'usual', signedIn: true });
}, 120_000);
afterAll(async () => {
  await browser.close();
  await api.stop();
});

/** The address with the id of a run in that state, of a replay of that name, of a decision that a shadow differs from. */
function addressOf(path: string): string {
  if (path === '/decisions/differs') return `/decisions/${decisionLog(api.world.runs).find(({ differs }) => differs)?.id}`;
  if (path.startsWith('/people/')) return `/people/${idOf('principal', path.slice('/people/'.length))}`;
  if (path.startsWith('/policy/replays/')) return `/policy/replays/${idOf('policy_replay', path.slice('/policy/replays/'.length))}`;
  return path.replace(/^\/runs\/([a-z]+)/, (_whole, state: string) => `/runs/${api.world.runs.find((run) => run.state === state)?.id}`);
}

describe.each(['light', 'dark'] as const)('nothing serious by axe, %s', (scheme) => {
  it.each(PAGES)('%s', async (path) => {
    const page = await openPage(browser, { scheme });
    const refused: string[] = [];
    page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) refused.push(message.text()); });
    await show(page, api.url + addressOf(path));
    expect(await seriousOn(page)).toEqual([]);
    await page.context().close();
    expect(refused).toEqual([]);
  });

  it.each([
    ['/policy', 'Gate'], ['/people', 'Invite somebody'], ['/roles', 'Make a role'], ['/changes', 'grant role'], ['/machines', 'Trust an issuer'], ['/privacy', 'Hold something'], ['/keys', 'What it signed'], ['/evidence', 'Ask for evidence'], ['/privacy', 'Erase somebody'], ['/policy/releases', 'Promote to prod'], ['/policy/replays', 'Start a replay'], ['/policy/kill-switches', 'Stop something'], ['/policy/layers/tenant', 'Add a file'],
  ])('%s, asked by %s', async (path, name) => {
    const page = await openPage(browser, { scheme });
    await show(page, api.url + path);
    await page.getByRole('button', { name, exact: true }).last().click();
    await page.getByRole('dialog').getByRole('button').last().waitFor();
    expect(await seriousOn(page)).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['the items of a map, unfolded', '/runs/0', /^60 items/], ['its timeline, unfolded', '/runs/0?tab=timeline', /^60 items/], ['a question about an outcome', '/runs/1?tab=timeline', 'Cancel run'], ['a pause', '/runs/2', 'Resume'],
    ['the context of a dead letter', '/dead-letters?state=dead,failed', /^Context of/], ['saved views', '/runs?state=failed', 'Views'], ['a redrive of all', '/dead-letters', 'Redrive'], ['a kill switch that lets go in stages', '/policy/kill-switches', 'Stop something'],
  ] as const)('%s', async (_what, path, name) => {
    const engine = await startMockApi({ scenario: 'engine', signedIn: true });
    const page = await openPage(browser, { scheme });
    await show(page, engine.url + path.replace(/\d/, (place) => engine.world.runs[Number(place)]?.id ?? ''));
    const select = page.getByRole('checkbox', { name: 'Select this page' });
    if (name === 'Redrive') await select.check();
    await page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) }).first().click();
    expect(await seriousOn(page)).toEqual([]);
    await page.context().close();
    await engine.stop();
    expect(engine.violations).toEqual([]);
  });

  it('a person is asked whether it happened', async () => {
    const engine = await startMockApi({ scenario: 'engine', signedIn: true });
    const page = await openPage(browser, { scheme });
    await show(page, `${engine.url}/approvals?selected=${engine.world.approvals().find(({ kind }) => kind === 'outcome')?.id}`);
    await page.getByRole('button', { name: 'It happened' }).click();
    await page.getByRole('dialog').getByRole('textbox').waitFor();
    expect(await seriousOn(page)).toEqual([]);
    await page.context().close();
    await engine.stop();
  });

  it('a source with problems, and what is found of it', async () => {
    const page = await openPage(browser, { scheme });
    await show(page, `${api.url}/policy/layers/tenant`);
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.insertText('x if input.acton.risk == "write"\n');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('list', { name: 'Problems' }).waitFor();
    expect(await seriousOn(page)).toEqual([]);
    await page.context().close();
  });
});

/** What axe calls serious or critical, with where. */
async function seriousOn(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`).join(' | ')}`);
}
