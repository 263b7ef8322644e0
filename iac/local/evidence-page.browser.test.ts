import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packagePage } from '@countersign/control-plane/evidence/index-page.ts';
import { indexPage } from '@countersign/execution-plane/evidence/index-page.ts';
import type { RunRecord } from '@countersign/execution-plane/evidence/repository.ts';
import { openBrowser } from './testing/console-walk.ts';

/** index.html of evidence, as an auditor opens it from a disk, with what a ticket's author might have put into every text that reaches it. */

const HOSTILE = `"><script>window.hit=1</script><img src=x onerror="window.hit=2"><svg onload="window.hit=3"><a href="javascript:window.hit=4">x</a><style>@import 'http://127.0.0.1:9/x.css'</style><meta http-equiv=refresh content="0;url=http://127.0.0.1:9/"></title></table></style>" onload='window.hit=5'`;
const AT = '2026-11-21T12:00:00.000Z';

let browser: Browser;
let folder: string;

beforeAll(async () => {
  [browser, folder] = [await openBrowser(), await mkdtemp(path.join(tmpdir(), 'evidence-page-'))];
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

const PAGES: ReadonlyArray<readonly [string, () => Uint8Array]> = [
  ['of a run', () => indexPage(hostileRun(), 'evd_1', new Date(AT))],
  ['of a package', () => packagePage({
    id: 'evp_1', kind: 'erasure', subjectId: HOSTILE, requestedBy: HOSTILE, builtAt: new Date(AT), claims: { [HOSTILE]: { [HOSTILE]: HOSTILE } },
    sections: [{ heading: HOSTILE, text: [HOSTILE], table: { headings: [HOSTILE], rows: [[HOSTILE, { code: HOSTILE }]], empty: '' }, commands: [HOSTILE] }],
    events: [{ id: 'aud_1', type: 'erasure.requested', at: AT, tenant_id: 'ten_1', workspace_id: 'wsp_1', run_id: null, actor: { kind: 'person', id: HOSTILE }, subject: { kind: 'x', id: HOSTILE }, data: {} }],
  })],
];

it.each(PAGES)('the page %s runs nothing, fetches nothing, fits a narrow screen in both colours, and prints', async (_name, render) => {
  const file = path.join(folder, 'index.html');
  await writeFile(file, render());
  for (const [colorScheme, width] of [['light', 1280], ['dark', 1280], ['light', 360]] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('dialog', (dialog) => { asked.push(`dialog ${dialog.message()}`); void dialog.dismiss(); });
    await page.goto(pathToFileURL(file).href, { waitUntil: 'networkidle' });
    expect(asked).toEqual([pathToFileURL(file).href]);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(await page.locator('script, img, svg, a, iframe, object, form').count()).toBe(0);
    expect(await page.getByText('onerror="window.hit=2"').count()).toBeGreaterThan(0);
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0);
    const [text, background] = await page.evaluate<[string, string]>('[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]');
    expect([text, background]).toEqual(colorScheme === 'dark' ? ['rgb(255, 255, 255)', 'rgb(18, 18, 18)'] : ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    if (width === 1280 && colorScheme === 'dark') expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-');
    await context.close();
  }
});

function hostileRun(): RunRecord {
  const row = new Proxy({}, { get: () => HOSTILE });
  return {
    run: { id: HOSTILE, tenant_id: HOSTILE, workspace_id: HOSTILE, workflow_id: HOSTILE, workflow_version: 1, workflow_name: HOSTILE, state: HOSTILE, finished_at: HOSTILE, trigger_kind: HOSTILE, subject_label: HOSTILE, created_at: AT, environment: HOSTILE, cost_usd: HOSTILE },
    children: [{ run_id: HOSTILE, cost_usd: '0', evidence_sha256: '' }], workflowSource: HOSTILE, steps: [row, row], decisions: [row],
    toolCalls: [{ id: HOSTILE, risk: HOSTILE, action_digest: HOSTILE, action_content_id: null, action: HOSTILE, state: HOSTILE, receipt: { target_id: HOSTILE, version_before: HOSTILE, version_after: HOSTILE, fields_written: [HOSTILE], verified_by_reading_back: true } }],
    approvals: [{
      id: HOSTILE, action_digest: HOSTILE, action_sealed: null, action: HOSTILE, state: HOSTILE, required_votes: 1, required_role: HOSTILE,
      votes: [{ principal_id: HOSTILE, decision: HOSTILE, voted_at: AT, auth_strength: HOSTILE, channel: HOSTILE, auth: { method: HOSTILE, acr: HOSTILE, amr: [HOSTILE] }, sign_in_age_ms: 1_000 }],
    }],
    costs: [{ amount_usd: HOSTILE, call_id: HOSTILE, meter: HOSTILE }], contents: [], keys: [],
    agents: { orders: [{ id: HOSTILE, agent_id: HOSTILE, call_id: null, kind: HOSTILE, call_key: HOSTILE, refusal: HOSTILE, issued_at: AT }], decisions: [{ order_id: HOSTILE, outcome: HOSTILE, action: HOSTILE, bundle: { revision: HOSTILE } }] },
    events: { files: new Map(), withheld: [], chain: { id: HOSTILE, tree_size: 1, checkpoint_sha256: HOSTILE, events: 1, first_seq: 1, last_seq: 1 } },
  };
}
