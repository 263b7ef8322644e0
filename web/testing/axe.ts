import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe calls serious or critical on the page as it is, with where: in light, then in dark. Leaves the page in light. */
export async function seriousInBothSchemes(page: Page): Promise<Record<'light' | 'dark', string[]>> {
  const light = await seriousOn(page);
  await turnTo(page, 'dark');
  const dark = await seriousOn(page);
  await turnTo(page, 'light');
  return { light, dark };
}

async function seriousOn(page: Page): Promise<string[]> {
  // The page has no frames, so that nothing needs to be gathered in a second one.
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).options({ resultTypes: ['violations'] }).setLegacyMode().analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`).join(' | ')}`);
}

/** The console follows the system's scheme; waits until it has, and is painted. */
async function turnTo(page: Page, scheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForFunction((wanted) => document.documentElement.dataset['mantineColorScheme'] === wanted, scheme);
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
}
