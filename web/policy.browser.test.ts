import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import { decisionLog } from './testing/data/decisions.ts';
import { idOf } from './testing/data/ids.ts';
import { ENVIRONMENTS, releases } from './testing/data/policy.ts';
import type { ScenarioName } from './testing/data/scenarios.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';

let browser: Browser;
let api: MockApi;
let page: Page;

beforeAll(async () => {
  await buildConsole();
  browser = await startBrowser();
}, 120_000);
afterAll(() => browser.close());
afterEach(async () => {
  await page.context().close();
  await api.stop();
  expect(api.violations).toEqual([]);
});

async function open(scenario: ScenarioName, path: string): Promise<void> {
  api = await startMockApi({ scenario, signedIn: true });
  page = await openPage(browser);
  await show(page, api.url + path);
}

const editor = () => page.locator('.cm-content');
const button = (name: string) => page.getByRole('button', { name, exact: true });
const why = (name: string) => button(name).getAttribute('aria-description');

/** Writes at the end of the file that is open. */
async function write(text: string): Promise<void> {
  await editor().click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(text);
}

describe('the overview', () => {
  it('has a clock for every environment, and says where the renewal is overdue', async () => {
    await open('usual', '/policy');
    const staging = page.getByRole('meter', { name: 'Freshness of the bundle of staging' });
    expect(await staging.getAttribute('aria-valuetext')).toMatch(/^ageing: the next refresh is overdue, 3 min/);
    expect(await page.getByRole('meter', { name: 'Freshness of the bundle of dev' }).getAttribute('aria-valuetext')).toMatch(/^fresh/);
    await page.getByRole('region', { name: 'Workers of staging' }).getByText('The control plane did not answer.').waitFor();
    await page.getByText('Release #3 is held back by the gate').waitFor();
  });

  it('says that a stale bundle denies', async () => {
    await open('stale-policy', '/policy');
    await page.getByRole('region', { name: 'Environment prod' }).getByRole('alert').getByText('every call is denied').waitFor();
    expect(await page.getByRole('meter', { name: 'Freshness of the bundle of prod' }).getAttribute('aria-valuetext')).toBe('stale: denies, 0 ms left');
  });
});

describe('the gate', () => {
  it('is set where its figures are figures', async () => {
    await open('usual', '/policy');
    await page.getByRole('region', { name: 'Environment prod' }).getByRole('button', { name: 'Gate' }).click();
    const dialog = page.getByRole('dialog');
    const share = dialog.getByRole('textbox', { name: 'Decisions that come out otherwise, at most (%)' });
    await share.fill('many');
    await dialog.getByRole('button', { name: 'Set the gate' }).click();
    await dialog.getByText('A number from 0 to 100, or empty').waitFor();
    await share.fill('');
    await dialog.getByRole('button', { name: 'Set the gate' }).click();
    await page.getByText('The gate of prod holds from now on').waitFor();
  });
});

describe('a layer', () => {
  it('is written, checked, mended, published and released', async () => {
    await open('usual', '/policy/layers/tenant');
    await editor().waitFor();
    expect(await why('Publish version')).toBe('Check it first.');
    await write('\ntypo if input.acton.risk == "write"\n');
    expect(await why('Release')).toContain('Publish this first');
    await page.keyboard.press('Control+Enter');
    const problem = page.getByRole('list', { name: 'Problems' }).getByRole('button');
    await problem.getByText('undefined ref: input.acton').waitFor();
    expect(await page.locator('.cm-lintRange-error').first().textContent()).toBe('input.acton.risk');
    expect(await why('Publish version')).toBe('The check found 1 error.');
    await page.waitForURL('**/policy/layers/tenant?draft=pdr_*');

    await page.keyboard.press('Control+Home');
    await problem.click();
    expect(await page.evaluate(() => document.activeElement?.classList.contains('cm-content'))).toBe(true);
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.insertText('fine if input.action.risk == "write"');
    expect(await why('Publish version')).toContain('changed since the last check');
    await button('Check').click();
    await page.getByText('No problem; 1 of 1 tests passed.').waitFor();
    await page.getByRole('tab', { name: /^Changes/ }).click();
    await page.getByText('Against version 3, in force in dev').waitFor();
    await page.getByRole('tab', { name: /^Coverage/ }).click();
    await page.getByText('no test for lines 32-47').waitFor();
    await editor().click();
    await page.keyboard.press('Control+Home');
    await page.locator('.cm-not-covered').first().waitFor();
    expect(await page.locator('.cm-not-covered').count()).toBeGreaterThan(0);

    await button('Publish version').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await dialog.getByText('Say what it changes', { exact: true }).waitFor();
    await dialog.getByRole('textbox', { name: 'What it changes, and why' }).fill('A rule on writes');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Version 4 of tenant acme is published').waitFor();
    await page.waitForURL('**/policy/layers/tenant?version=4');
    expect(api.world.drafts).toHaveLength(2);

    await button('Release').click();
    await dialog.getByRole('radio', { name: 'Shadow' }).check();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('To see what it would do');
    await dialog.getByRole('button', { name: 'Release in shadow' }).click();
    await page.waitForURL('**/policy/releases/prl_*');
    expect(api.world.releaseWishes).toEqual([{ environment_id: ENVIRONMENTS[0]?.environment_id, kind: 'release', mode: 'shadow', layer: 'tenant', version: 4, reason: 'To see what it would do' }]);
  });

  it('keeps who wrote from leaving by mistake', async () => {
    await open('usual', '/policy/layers/tenant');
    await editor().waitFor();
    await write('\n# unfinished\n');
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByText('Leave without publishing?').waitFor();
    await button('Stay').click();
    expect(await editor().textContent()).toContain('# unfinished');
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await button('Leave and lose it').click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  });

  it('has files that are added, renamed and removed, each with its own undo', async () => {
    await open('usual', '/policy/layers/tenant');
    await editor().waitFor();
    await button('Add a file').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Hours');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await dialog.getByText(/A name such as hours\.rego/).waitFor();
    await dialog.getByRole('textbox', { name: 'Name' }).fill('hours.rego');
    await dialog.getByRole('button', { name: 'Add' }).click();
    const files = page.getByRole('navigation', { name: 'Files' });
    await files.getByRole('button', { name: /^hours\.rego ?, changed$/ }).waitFor();
    await page.waitForFunction(() => document.querySelector('.cm-content')?.textContent?.trim() === 'package countersign.tenant');
    await write('# one');
    await files.getByRole('button', { name: /^data\.json/ }).click();
    await page.waitForFunction(() => document.querySelector('.cm-content')?.textContent?.includes('keep'));
    await files.getByRole('button', { name: /^hours\.rego ?, changed$/ }).click();
    await page.waitForFunction(() => document.querySelector('.cm-content')?.textContent?.includes('# one'));
    await editor().click();
    await page.keyboard.press('Control+z');
    await page.waitForFunction(() => document.querySelector('.cm-content')?.textContent?.includes('# one') === false);
    await button('Rename or remove hours.rego').click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    expect(await files.getByText('hours.rego').count()).toBe(0);
  });

  it('can be left by keyboard, and suggests the fields of the input', async () => {
    await open('usual', '/policy/layers/tenant');
    await editor().waitFor();
    await write('\nx := input.');
    await page.keyboard.type('local_time.');
    await page.locator('.cm-tooltip-autocomplete').getByText('weekday').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.classList.contains('cm-content'))).toBe(false);
  });

  it('without OPA can be read, and says how to get it', async () => {
    await open('no-opa', '/policy/layers/tenant');
    expect(await why('Check')).toContain('npm run setup:opa');
  });

  it('is not for a viewer to check or to publish', async () => {
    await open('viewer', '/policy/layers/tenant');
    expect(await why('Check')).toContain('takes the role author, policy-admin or admin');
    expect(await why('Publish version')).toContain('takes the role policy-admin or admin');
    expect(await page.getByRole('button', { name: 'Add a file' }).count()).toBe(0);
  });
});

describe('releases', () => {
  it('held back by the gate are kept, with the figures', async () => {
    await open('usual', '/policy/releases');
    await button('Promote to prod').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('A day in staging');
    await dialog.getByRole('button', { name: 'Promote' }).click();
    await dialog.getByRole('link', { name: 'see the figures' }).click();
    await page.waitForURL(`**/policy/releases/${releases()[0]?.id}`);
    const gate = page.getByRole('region', { name: 'Gate', exact: true });
    await gate.getByText('over the limit').waitFor();
    await button('Release all the same').click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Looked at each of the runs');
    await dialog.getByRole('button', { name: 'Release all the same' }).click();
    await page.getByText('Released over the gate: prod #3').waitFor();
  });

  it('are rolled back with a reason; the one in force is not', async () => {
    await open('usual', `/policy/releases/${idOf('policy_release', 'prod enforce 1')}`);
    await button('Roll back to this').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Version 2 refuses too much');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await page.waitForURL('**/policy/releases/prl_*');
    expect(api.world.releaseWishes).toMatchObject([{ kind: 'rollback', to_release_id: idOf('policy_release', 'prod enforce 1'), reason: 'Version 2 refuses too much' }]);
    await show(page, `${api.url}/policy/releases/${idOf('policy_release', 'prod enforce 2')}`);
    expect(await why('Roll back to this')).toBe('It is in force.');
  });
});

describe('decisions', () => {
  it('are searched by the address', async () => {
    await open('usual', '/decisions?outcome=DENY');
    await page.getByRole('row').nth(1).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    await page.getByRole('textbox', { name: 'Rule' }).or(page.getByRole('searchbox', { name: 'Rule' })).fill('itsm/read_allowed');
    await page.waitForURL('**/decisions?rule=itsm%2Fread_allowed&outcome=DENY');
    await page.getByText('No decision fits this filter').waitFor();
    expect(await page.getByRole('link', { name: 'Export for OPA' }).getAttribute('href')).toBe('/api/v1/decisions/export?rule=itsm%2Fread_allowed&outcome=DENY');
  });

  it('say why line by line, what was erased, and what a shadow has otherwise', async () => {
    await open('usual', '/runs');
    const found = decisionLog(api.world.runs).find(({ differs }) => differs);
    await show(page, `${api.url}/decisions/${found?.id}`);
    await page.getByText('countersign/tenant/tenant.rego:').waitFor();
    await page.getByText('Erased because it is no metadata: 2 values.').waitFor();
    await page.getByText('Needs: 2 votes of role approver instead of 1 vote of role approver').waitFor();
    await page.getByRole('link', { name: 'See the step in its run' }).click();
    await page.waitForURL(`**/runs/${found?.run_id}#${found?.step_id}`);
  });
});

describe('simulation', () => {
  it('shows what the input lacks where it lacks it, then the answer', async () => {
    await open('usual', '/policy/simulate');
    await editor().click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('{\n  "action": {}\n}');
    await button('Ask').click();
    await page.getByText('The input breaks its contract.').waitFor();
    await page.locator('.cm-lint-marker-error').waitFor();
    await page.keyboard.press('Control+a');
    await editor().click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('{ "action": { "risk": "write" } }');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('region', { name: 'Answer' }).getByText('DENY').waitFor();
  });

  it('asks another policy what was asked before', async () => {
    await open('usual', '/runs');
    const found = decisionLog(api.world.runs).find(({ outcome }) => outcome === 'REQUIRE_HITL');
    await show(page, `${api.url}/decisions/${found?.id}`);
    await page.getByRole('link', { name: 'Ask another policy' }).click();
    await button('Ask').click();
    await page.getByRole('region', { name: 'Answer' }).getByText('DENY instead of REQUIRE_HITL').waitFor();
  });
});

describe('impact replay', () => {
  it('is started with what the address names', async () => {
    await open('usual', '/policy/replays?against=version:tenant:3:' + ENVIRONMENTS[2]?.environment_id);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Policy that is asked' }).waitFor();
    await dialog.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL('**/policy/replays/prp_*');
    await page.getByText('5242 of 12480 decisions asked again.').waitFor();
  });

  it('leads to the release of what was replayed', async () => {
    await open('usual', `/policy/replays/${idOf('policy_replay', 'one')}`);
    await page.getByText('37 votes, 58.5 person-minutes').waitFor();
    await button('Release with this replay').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Promote to prod').waitFor();
    expect(await dialog.getByRole('combobox', { name: 'Impact replay' }).inputValue()).toBe(idOf('policy_replay', 'one'));
  });
});

describe('kill switches', () => {
  it('are set with a reason, told of on every page, and released', async () => {
    await open('usual', '/policy/kill-switches');
    await button('Stop something').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'environment' }).check();
    await dialog.getByRole('button', { name: 'Stop it' }).click();
    await dialog.getByText('Write at least 3 letters').waitFor();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The desk is being moved');
    await dialog.getByRole('button', { name: 'Stop it' }).click();
    await page.getByRole('alert').getByText('is stopped').waitFor();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByRole('alert').getByText('The desk is being moved').waitFor();
    await page.getByRole('alert').getByRole('link', { name: 'Kill switches' }).click();
    await button('Let it go on').click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('It was moved');
    await dialog.getByRole('button', { name: 'Let it go on' }).click();
    await page.getByText('Nothing is stopped').waitFor();
    expect(await page.getByRole('alert').getByText('is stopped').count()).toBe(0);
  });
});

describe('a step up', () => {
  it('says what is asked for and how to get it', async () => {
    await open('step-up', '/approvals');
    await page.getByText('by link or stronger, at most 5 min before the vote').waitFor();
    expect(await why('Approve')).toContain('yours is 42 min old');
    await page.getByRole('link', { name: 'How to sign in again' }).click();
    await page.getByText('takes a fresher or stronger sign-in than yours').waitFor();
  });
});
