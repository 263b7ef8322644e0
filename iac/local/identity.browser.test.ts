import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import type { TestPrincipal } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureConsole } from './cell/console-build.ts';
import { anyFreePort } from './cell/ports.ts';
import { OidcStandIn } from './oidc/oidc-stand-in.ts';
import { openBrowser, openPage } from './testing/console-walk.ts';

/**
 * Two people of two tenants, each in a Chromium of their own, against a whole control plane: Ann comes by her organisation's identity provider,
 * Bea by an invitation and a passkey. The tests go on where the one before stopped, as the two people do.
 */

const CLIENT = { client_id: 'countersign', client_secret: 'the-secret-of-the-client' };
const ANN = { name: 'Ann Provided', email: 'ann@example.com' };
const BEA = { name: 'Bea Invited', email: 'bea@example.org' };
/** Runs in each page before anything of it does: remembers that Ann's name was on it, however shortly. */
const NOTE_WHEN_SHOWN = `new MutationObserver(() => {
  if (document.documentElement?.textContent.includes(${JSON.stringify(ANN.name)})) sessionStorage.setItem('shown', 'yes');
}).observe(document, { childList: true, subtree: true, characterData: true });`;

let plane: ControlPlaneUnderTest;
let provider: OidcStandIn;
let adminOfBea: TestPrincipal;
let browsers: Browser[] = [];
let ann: Page;
let bea: Page;
/** Of the same site as the console and of another origin: cookies go along with what it sends. */
let otherOrigin: Server;

beforeAll(async () => {
  const consoleFolder = await ensureConsole(() => undefined, new AbortController().signal);
  const port = await anyFreePort();
  // Passkeys belong to a host name, never to an address of numbers.
  const publicUrl = `http://localhost:${port}`;
  provider = await OidcStandIn.start({
    clients: [{ ...CLIENT, redirect_uri: `${publicUrl}/not-set-up-yet` }],
    accounts: new Map([['sub-ann', { ...ANN, email_verified: true, amr: ['pwd', 'otp'] }]]),
  });
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_PORT: String(port), COUNTERSIGN_PUBLIC_URL: publicUrl, COUNTERSIGN_CONSOLE_DIR: consoleFolder, COUNTERSIGN_STAND_INS: 'loopback' });
  adminOfBea = await plane.principal(['admin'], await plane.otherTenant());
  otherOrigin = await serveForm(`${publicUrl}/api/v1/sign-out`);
  browsers = await Promise.all([openBrowser(), openBrowser()]);
  [ann, bea] = await Promise.all([openPage(browsers[0]!, 'light'), openPage(browsers[1]!, 'light')]);
}, 120_000);
afterAll(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await plane.stop();
  await provider.stop();
  otherOrigin.close();
}, 60_000);

it('lets a person in by the identity provider of their organisation, with the second factor that it names', async () => {
  await invite(ANN, plane.adminKey);
  const made = await plane.api('POST', '/api/v1/identity-providers', { json: { name: 'Directory', issuer: provider.issuer, ...CLIENT } });
  expect(made.status).toBe(201);
  provider.setRedirectUri(CLIENT.client_id, String(made.body['redirect_uri']));
  await ann.goto(at('/people'));
  await ann.getByLabel('Organisation').fill(plane.config.tenantSlug);
  await ann.getByRole('button', { name: 'Continue', exact: true }).click();
  await ann.getByRole('button', { name: 'Continue with Directory' }).click();
  await ann.getByRole('button', { name: ANN.name }).click();
  await ann.getByRole('heading', { name: 'People', level: 1 }).waitFor();
  await account(ann).click();
  await ann.getByText('Signed in by mfa').waitFor();
  await ann.keyboard.press('Escape');
}, 60_000);

it('makes whoever is invited a person of the other tenant, whose passkey signs them in again', async () => {
  await giveAuthenticator(bea);
  await bea.goto(await invite(BEA, adminOfBea.key));
  await bea.getByText(BEA.name).waitFor();
  await bea.getByRole('button', { name: 'Make a passkey' }).click();
  await bea.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  await signOut(bea);
  await signInByPasskey(bea);
  expect(await bea.evaluate(async () => (await fetch('/api/v1/me')).json() as Promise<unknown>)).toMatchObject({
    tenant: { id: adminOfBea.tenantId }, principal: { display_name: BEA.name }, auth_strength: 'passkey',
  });
}, 60_000);

it('shows a person of another tenant as it shows one who does not exist', async () => {
  const beasId = await idOf(bea);
  await bea.goto(at(`/people/${beasId}`));
  await bea.getByRole('heading', { name: BEA.name, level: 1 }).waitFor();
  const nobodysId = newId('principal');
  const [ofBea, ofNobody] = [await shownInsteadOf(ann, beasId), await shownInsteadOf(ann, nobodysId)];
  expect(ofBea).toContain('not_found');
  expect(ofBea).not.toContain(BEA.name);
  expect(ofBea).toBe(ofNobody);
}, 60_000);

it('takes a signed-in person\'s cookie from no form of another origin', async () => {
  const { port } = otherOrigin.address() as AddressInfo;
  await bea.goto(`http://localhost:${port}/`);
  const [sent, answer] = await Promise.all([bea.waitForRequest(at('/api/v1/sign-out')), bea.waitForResponse(at('/api/v1/sign-out')), bea.getByRole('button', { name: 'Win a prize' }).click()]);
  expect((await sent.allHeaders())['cookie']).toContain('countersign_session=');
  expect([answer.status(), await answer.json()]).toMatchObject([403, { code: 'csrf_refused' }]);
  await bea.goto(at('/runs'));
  await account(bea).waitFor();
}, 60_000);

it('takes the page away from a person whose session was ended by somebody else', async () => {
  await bea.goto(at('/account'));
  await bea.getByRole('region', { name: 'Sessions as a table' }).getByText('this one').waitFor();
  const ended = await plane.api('POST', '/api/v1/sessions/revoke', { key: adminOfBea.key, json: { principal_id: await idOf(bea) } });
  expect([ended.status, ended.body]).toEqual([200, { revoked: 1 }]);
  await bea.waitForURL('**/sign-in?to=%2Faccount');
  await bea.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  expect(await bea.content()).not.toContain(BEA.name);
  // Nothing that she did ended anything of Ann's.
  await ann.goto(at('/people'));
  await ann.getByRole('row', { name: new RegExp(ANN.name) }).first().waitFor();
}, 60_000);

it('shows nothing of what was there when a person goes back after the sign-out, not even for a moment', async () => {
  await ann.addInitScript(NOTE_WHEN_SHOWN);
  await ann.goto(at('/people'));
  await ann.getByRole('row', { name: new RegExp(ANN.name) }).first().waitFor();
  expect(await ann.evaluate(() => sessionStorage.getItem('shown'))).toBe('yes');
  await ann.getByRole('navigation').getByRole('link', { name: 'Runs', exact: true }).click();
  await ann.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  await signOut(ann);
  await ann.evaluate(() => sessionStorage.removeItem('shown'));
  await ann.goBack();
  await ann.waitForURL('**/sign-in?to=%2Fpeople');
  await ann.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  expect(await ann.evaluate(() => sessionStorage.getItem('shown'))).toBeNull();
  expect(await ann.evaluate(async () => (await fetch('/api/v1/me')).status)).toBe(401);
}, 60_000);

function at(path: string): string {
  return `${plane.config.publicUrl}${path}`;
}

/** Invites an administrator. @returns the link */
async function invite({ name, email }: { name: string; email: string }, key: string): Promise<string> {
  const { status, body } = await plane.api('POST', '/api/v1/invitations', { key, json: { email, display_name: name, roles: ['admin'] } });
  expect(status).toBe(201);
  return String(body['link']);
}

/** An authenticator of the device itself, which has just seen its person. */
async function giveAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
}

async function signOut(page: Page): Promise<void> {
  await account(page).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
}

async function signInByPasskey(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
}

function account(page: Page): ReturnType<Page['getByRole']> {
  return page.getByRole('button', { name: /Account of/ });
}

async function idOf(page: Page): Promise<string> {
  return page.evaluate(async () => ((await (await fetch('/api/v1/me')).json()) as { principal: { id: string } }).principal.id);
}

/** What is on the page of a person who is not to be seen, without what differs in every request. */
async function shownInsteadOf(page: Page, principalId: string): Promise<string> {
  await page.goto(at(`/people/${principalId}`));
  const alert = page.getByRole('main').getByRole('alert').first();
  await alert.waitFor();
  return (await page.getByRole('main').innerText()).replaceAll(principalId, '<id>').replaceAll(/\breq_\w+/g, '<request>');
}

/** A page of somebody else with a form that goes to `action`. */
async function serveForm(action: string): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><html lang="en"><title>A prize</title><form method="post" action="${action}"><button>Win a prize</button></form></html>`);
  });
  await new Promise<void>((resolve) => { server.listen(0, 'localhost', resolve); });
  return server;
}
