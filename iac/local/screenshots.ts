import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { CellUnderTest } from './testing/cell-under-test.ts';
import { openBrowser, openPage, walkOneTicket } from './testing/console-walk.ts';

/**
 * `node iac/local/screenshots.ts FOLDER`: walks one ticket through a cell of its own and keeps a picture of each page, light and dark; then of the
 * pages about access and proof. (`node web/testing/screenshots.ts` shows every page with made-up data, empty and narrow, too.)
 */
/** Pages beside the ticket's way, by their addresses. */
const OTHER_PAGES = ['people', 'roles', 'machines', 'identity-providers', 'workspaces', 'limits', 'account', 'credentials', 'audit', 'audit/checkpoints', 'audit/sinks', 'audit/witnesses', 'evidence', 'keys', 'privacy'];
/** Colours fade from one scheme to the other. */
const SETTLE_MS = 800;

const folder = path.resolve(process.argv[2] ?? 'docs/images');
await mkdir(folder, { recursive: true });
const cell = await CellUnderTest.start();
const browser = await openBrowser();
try {
  const page = await openPage(browser, 'light');
  await walkOneTicket(page, cell.signInUrl); // the first ticket waits for the model to learn
  await page.context().close();
  const again = await openPage(browser, 'light');
  const { stdout } = await cell.signInAgain();
  const keepPicture = async (name: string, at: Page): Promise<void> => {
    for (const close of await at.locator('[class*=Notification-closeButton]').all()) await close.click();
    for (const scheme of ['light', 'dark'] as const) {
      await at.emulateMedia({ colorScheme: scheme });
      await at.waitForTimeout(SETTLE_MS);
      await at.screenshot({ path: path.join(folder, scheme === 'light' ? `${name}.png` : `${name}-dark.png`) });
    }
    await at.emulateMedia({ colorScheme: 'light' });
  };
  await walkOneTicket(again, stdout.trim(), keepPicture);
  for (const address of OTHER_PAGES) {
    await again.goto(new URL(`/${address}`, stdout.trim()).href);
    await again.getByRole('heading', { level: 1 }).waitFor();
    await again.getByRole('status', { name: /^Loading/ }).first().waitFor({ state: 'detached' });
    await keepPicture(address.replace('/', '-'), again);
  }
  process.stdout.write(`${folder}\n`);
} finally {
  await browser.close();
  await cell.dispose();
}
