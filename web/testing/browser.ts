import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumPath } from './config.ts';

/** No traffic but to localhost: a fresh Chromium would otherwise look for updates. */
const ARGUMENTS = ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: ARGUMENTS });
}

export interface PageWish {
  scheme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** A page of its own (own cookies and storage), with motion reduced so that nothing has to be waited for. */
export async function openPage(browser: Browser, { scheme = 'light', width = 1440, height = 900 }: PageWish = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce', acceptDownloads: true });
  return context.newPage();
}

/** Shows a page of the console and waits until it has its data. */
export async function show(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('h1').first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.waitForFunction(() => document.querySelector('[aria-label^="Loading"], .mantine-Loader-root') === null);
}
