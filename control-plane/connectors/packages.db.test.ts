import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hash } from 'node:crypto';
import { packageDigest } from '@countersign/contracts/connectors/package/package.ts';
import { newPublisherKey, publisherKid, signPackage } from '@countersign/contracts/connectors/package/signature.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { deskManifest } from '../testing/manifests.ts';
import { packageState } from './package-state.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  await plane.api('POST', '/api/v1/connector-publishers', { json: { name: 'desk makers', public_jwk: publicOf(KEY) } });
});
afterAll(() => plane.stop());

const KEY = newPublisherKey();
const publicOf = ({ kty, crv, x }: typeof KEY) => ({ kty, crv, x });

/** A signed package of `manifest` whose code is `code`. */
function packaged(manifest: ConnectorManifest, code = 'export {};', key = KEY) {
  const file = (path: string, text: string) => ({ path, sha256: hash('sha256', text, 'hex'), size: text.length });
  const files = [file('connector.ts', code), file('manifest.yaml', manifest.version)];
  const package_digest = packageDigest(files);
  const signature = signPackage({ name: manifest.name, version: manifest.version, manifest_digest: digestOf(manifest), package_digest }, key);
  return { manifest, package: { files, signature }, digests: { version: manifest.version, manifest_digest: digestOf(manifest), package_digest } };
}

const publish = ({ manifest, package: signed }: Pick<ReturnType<typeof packaged>, 'manifest' | 'package'>, key?: string): Promise<ApiReply> =>
  plane.api('POST', '/api/v1/connectors', { json: { manifest, package: signed }, ...(key === undefined ? {} : { key }) });

describe('signed packages', () => {
  test('are published when a trusted key signed exactly them, and stay what they are', async () => {
    const first = packaged(deskManifest('1.0.0'));
    expect((await publish(first)).body).toMatchObject({ package_digest: first.digests.package_digest, publisher_kid: publisherKid(KEY) });
    expect((await publish(first)).status).toBe(201);
    const other = await publish(packaged(deskManifest('1.0.0'), 'export const changed = true;'));
    expect(other.body).toMatchObject({ code: 'connector_version_changed', current_package_digest: first.digests.package_digest });
  });

  test.each<[string, () => Parameters<typeof publish>[0], string]>([
    ['a key that nobody trusts', () => packaged(deskManifest('9.0.0'), '', newPublisherKey()), 'publisher_untrusted'],
    ['another manifest than was signed', () => ({ ...packaged(deskManifest('9.0.0')), manifest: { ...deskManifest('9.0.0'), title: 'Other' } }), 'package_signature_invalid'],
    ['other files than were signed', () => ({ manifest: deskManifest('9.0.0'), package: { ...packaged(deskManifest('9.0.0')).package, files: packaged(deskManifest('9.0.0'), 'evil()').package.files } }), 'package_signature_invalid'],
    ['a signature of another package', () => ({ ...packaged(deskManifest('9.0.0')), manifest: deskManifest('9.1.0') }), 'package_signature_invalid'],
    ['a changed signature', () => {
      const made = packaged(deskManifest('9.0.0'));
      return { ...made, package: { ...made.package, signature: { ...made.package.signature, signatures: [{ keyid: publisherKid(KEY), sig: Buffer.alloc(64).toString('base64') }] } } };
    }, 'package_signature_invalid'],
    ['a path that leads out', () => {
      const made = packaged(deskManifest('9.0.0'));
      return { ...made, package: { ...made.package, files: [...made.package.files, { path: '../out.ts', sha256: '0'.repeat(64), size: 1 }] } };
    }, 'package_invalid'],
  ])('%s is refused', async (_what, make, code) => {
    const reply = await publish(make());
    expect([reply.status, reply.body['code']]).toEqual([422, code]);
  });

  test('a revoked key signs nothing new, and another tenant trusts for itself', async () => {
    const key = newPublisherKey();
    await plane.api('POST', '/api/v1/connector-publishers', { json: { name: 'short-lived', public_jwk: publicOf(key) } });
    expect((await plane.api('DELETE', `/api/v1/connector-publishers/${publisherKid(key)}`)).status).toBe(200);
    expect((await publish(packaged(deskManifest('8.0.0'), '', key))).body['code']).toBe('publisher_untrusted');
    const stranger = await plane.principal(['admin'], await plane.otherTenant());
    expect((await publish(packaged(deskManifest('8.0.0')), stranger.key)).body['code']).toBe('publisher_untrusted');
    expect((await plane.api('GET', '/api/v1/connector-publishers', { key: stranger.key })).body['items']).toEqual([]);
  });
});

describe('approving a package for an instance', () => {
  test('pins exactly what is named, once, and says so in the audit', async () => {
    const [old, next] = [packaged(deskManifest('2.0.0')), packaged({ ...deskManifest('2.1.0'), credentials: ['none', 'basic', 'bearer'] }, 'export const next = 1;')];
    await publish(old);
    await publish(next);
    const made = await plane.api('POST', '/api/v1/instances', { json: { connector: 'desk', connector_version: '2.0.0', name: 'pinned', environment: 'prod' } });
    expect(made.body['package']).toMatchObject({ state: 'not_installed', pinned: old.digests });
    const approve = (json: object, headers = {}) => plane.api('POST', `/api/v1/instances/${String(made.body['id'])}/approve-package`, { json, headers });

    expect((await approve({ ...next.digests, package_digest: old.digests.package_digest })).body).toMatchObject({ code: 'package_digest_stale', current_package_digest: next.digests.package_digest });
    expect((await approve({ ...next.digests, version: '7.7.7' })).body['code']).toBe('connector_unknown');
    expect((await approve(next.digests, { 'if-match': '"0000000000000000"' })).body['code']).toBe('instance_package_changed');
    const approved = await approve(next.digests, { 'if-match': (made.body['package'] as { etag: string }).etag });
    expect([approved.status, approved.body['connector_version'], (approved.body['package'] as { pinned: object }).pinned]).toEqual([200, '2.1.0', next.digests]);
    expect((await approve(next.digests)).status).toBe(200);
    const events = (await plane.auditEvents()).filter((event) => event.type === 'instance.package_approved');
    expect(events.map(({ data }) => data)).toMatchObject([{ to: { version: '2.1.0' }, changes: [{ kind: 'added', pointer: '/credentials' }] }]);
  });

  test('is for policy-admins and admins, in their own workspace', async () => {
    const made = await plane.api('POST', '/api/v1/instances', { json: { connector: 'desk', connector_version: '2.0.0', name: 'guarded', environment: 'prod' } });
    const approve = (key: string) => plane.api('POST', `/api/v1/instances/${String(made.body['id'])}/approve-package`, { json: packaged(deskManifest('2.1.0')).digests, key });
    expect((await approve((await plane.principal(['author'])).key)).status).toBe(403);
    expect((await approve((await plane.principal(['admin'], await plane.otherTenant())).key)).status).toBe(404);
  });
});

describe('the state of an instance\'s package', () => {
  const manifest = deskManifest('1.0.0');
  const pins = { id: 'ins_1', name: 'desk', connector: 'desk', connector_version: '1.0.0', manifest_digest: 'm1', package_digest: 'p1' };
  const published = [
    { connector: 'desk', version: '1.0.0', manifest_digest: 'm1', package_digest: 'p1', manifest },
    { connector: 'desk', version: '1.1.0', manifest_digest: 'm2', package_digest: 'p2', manifest: { ...manifest, actions: { ...manifest.actions, 'ticket.get': { ...manifest.actions['ticket.get']!, risk: 'write' as const } } } },
  ];
  const installed = (version: string, manifest_digest: string, package_digest: string) => ({ name: 'desk', version, manifest_digest, package_digest });

  test('a new version that is published can be approved, and shows what it may do more', () => {
    expect(packageState(pins, installed('1.1.0', 'm2', 'p2'), published)).toMatchObject({
      state: 'changed', approvable: { version: '1.1.0' }, changes: [{ kind: 'changed', pointer: '/actions/ticket.get/risk', before: '"read"', after: '"write"', widens: true }],
    });
  });

  test('a connector without code goes on with what it is pinned to, and may be given the newest', () => {
    const http = { method: 'GET' as const, path: '/x' };
    const declared = (version: string) => ({ ...published[0]!, version, package_digest: null, manifest_digest: `m${version}`, manifest: { ...manifest, actions: { 'ticket.get': { ...manifest.actions['ticket.get']!, http } } } });
    const old = { ...pins, manifest_digest: 'm1.0.0', package_digest: null };
    expect(packageState(old, null, [declared('1.1.0'), declared('1.0.0')])).toMatchObject({ state: 'current', pinned: { version: '1.0.0' }, approvable: { version: '1.1.0' } });
    expect(packageState(old, null, [declared('1.0.0')])).toMatchObject({ state: 'current', approvable: null });
  });

  test.each([
    ['nothing changed', installed('1.0.0', 'm1', 'p1'), 'current'], ['the code was edited in place', installed('1.0.0', 'm1', 'edited'), 'changed'],
    ['the manifest was edited in place', installed('1.0.0', 'edited', 'p1'), 'changed'], ['no worker has it', null, 'not_installed'],
  ])('%s: there is nothing to approve', (_what, found, state) => {
    expect(packageState(pins, found, published)).toMatchObject({ state, approvable: null, changes: [] });
  });
});
