import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorityConformance } from '@countersign/platform/certificates/testing/authority-conformance.ts';
import { openSignerAuthority } from '@countersign/platform/certificates/signer-authority.ts';
import { createKmsKey } from '@countersign/platform/keys/create-kms-key.ts';
import { KmsSigner } from '@countersign/platform/keys/kms-signer.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { ROOT } from '../config.ts';
import { startMoto } from './moto.ts';
import type { RunningMoto } from './moto.ts';

const CACHE = path.join(ROOT, '.cache');
let moto: RunningMoto;
let folder: string;
beforeAll(async () => {
  moto = await startMoto(CACHE);
  folder = mkdtempSync(path.join(tmpdir(), 'kms-authority-'));
}, 300_000);
afterAll(async () => {
  await moto.stop();
  rmSync(folder, { recursive: true, force: true });
});

const signer = async (keyId: string): Promise<KmsSigner> => KmsSigner.open({ keyId, endpoint: moto.endpoint, region: null });

authorityConformance('KMS as moto has it', async () => {
  const [one, other] = [await createKmsKey(moto.endpoint, 'ECC_NIST_P256'), await createKmsKey(moto.endpoint, 'ECC_NIST_P256')];
  const objects = new FolderObjects(path.join(folder, 'objects'));
  return {
    open: async () => openSignerAuthority(objects, 'Cell', await signer(one), new Date()), other: await openSignerAuthority(objects, 'Cell', await signer(other), new Date()),
    stop: async () => undefined,
  };
});

describe('an authority in KMS', () => {
  test.each([['SYMMETRIC_DEFAULT', 'kek_refused'], ['ECC_NIST_P384', 'kek_refused']] as const)('is none with a key of %s', async (spec, code) => {
    await expect(signer(await createKmsKey(moto.endpoint, spec))).rejects.toMatchObject({ code });
  });

  test('does not open with a key that is not there, or where KMS is not', async () => {
    await expect(signer('arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000')).rejects.toMatchObject({ code: 'kek_refused' });
    await expect(KmsSigner.open({ keyId: 'k', endpoint: 'http://127.0.0.1:1', region: null })).rejects.toMatchObject({ code: 'kek_unreachable' });
  });

  test('does not open with the certificate of another key', async () => {
    const [one, other] = [await signer(await createKmsKey(moto.endpoint, 'ECC_NIST_P256')), await signer(await createKmsKey(moto.endpoint, 'ECC_NIST_P256'))];
    const { certificate_pem } = await openSignerAuthority(new FolderObjects(path.join(folder, 'of-other')), 'Cell', other, new Date());
    const misled = { get: async () => Buffer.from(certificate_pem), put: async () => undefined };
    await expect(openSignerAuthority(misled, 'Cell', one, new Date())).rejects.toMatchObject({ code: 'authority_unusable' });
  });
});
