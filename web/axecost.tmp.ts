import { AxeBuilder } from '@axe-core/playwright';
const { openPage, show, startBrowser } = await import('/work/main/web/testing/browser.ts');
const { startMockApi } = await import('/work/main/web/testing/http/mock-api.ts');
const browser = await startBrowser(); const api = await startMockApi({ scenario: 'usual', signedIn: true });
const page = await openPage(browser);
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable');
const cpu = async () => { const { metrics } = await cdp.send('Performance.getMetrics'); const g = (n: string) => metrics.find((m) => m.name === n)!.value; return { script: g('ScriptDuration'), task: g('TaskDuration'), layout: g('LayoutDuration') + g('RecalcStyleDuration'), nodes: g('Nodes') }; };
const step = async (name: string, work: () => Promise<unknown>) => { const a = await cpu(); const t = performance.now(); await work(); const b = await cpu(); console.log(name.padEnd(28), 'wall', ((performance.now() - t) / 1000).toFixed(1), 'task', (b.task - a.task).toFixed(2), 'script', (b.script - a.script).toFixed(2), 'nodes', b.nodes); };
for (const path of ['/runs', '/approvals', '/people']) {
  await step(`${path} show`, () => show(page, api.url + path));
  await step('default', () => new AxeBuilder({ page }).withTags(TAGS).analyze());
  await step('legacy violations', () => new AxeBuilder({ page }).withTags(TAGS).options({ resultTypes: ['violations'] }).setLegacyMode().analyze());
  await step('legacy violations again', () => new AxeBuilder({ page }).withTags(TAGS).options({ resultTypes: ['violations'] }).setLegacyMode().analyze());
  await step('colour only', () => new AxeBuilder({ page }).withRules(['color-contrast', 'link-in-text-block']).options({ resultTypes: ['violations'] }).setLegacyMode().analyze());
}
await browser.close(); await api.stop();
