import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import { workflows } from './testing/data/setup.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const PAGES = [
  '/sign-in?to=%2Fruns', '/runs', '/runs/succeeded', '/runs/failed', '/runs/waiting', '/runs/running', '/runs/succeeded?tab=graph', '/runs/succeeded?tab=evidence', '/runs/succeeded?tab=audit', '/runs/succeeded?tab=json',
  '/approvals', '/tickets', '/workflows', `/workflows/${workflows()[0]?.id}`, '/connectors', '/policy', '/audit', '/cost', '/slack/link', '/nowhere',
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

/** The address with the id of a run in that state. */
function addressOf(path: string): string {
  return path.replace(/^\/runs\/([a-z]+)/, (_whole, state: string) => `/runs/${api.world.runs.find((run) => run.state === state)?.id}`);
}

describe.each(['light', 'dark'] as const)('nothing serious by axe, %s', (scheme) => {
  it.each(PAGES)('%s', async (path) => {
    const page = await openPage(browser, { scheme });
    const refused: string[] = [];
    page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) refused.push(message.text()); });
    await show(page, api.url + addressOf(path));
    const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
    await page.context().close();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`).join(' | ')}`)).toEqual([]);
    expect(refused).toEqual([]);
  });
});
