import { filesProblem, packageDigest } from '@countersign/contracts/connectors/package/package.ts';
import type { PackageFile } from '@countersign/contracts/connectors/package/package.ts';
import type { SignedPackage } from '@countersign/contracts/connectors/package/signature.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { verifiedStatement } from './publishers.ts';

export interface AcceptedPackage {
  readonly digest: string;
  readonly files: readonly PackageFile[];
  readonly signature: SignedPackage;
  readonly kid: string;
}

/**
 * A package that was sent with a manifest: its signature is by a publisher trusted here, and is over exactly this manifest and these files.
 * @throws ApiError `package_invalid`, `publisher_untrusted`, `package_signature_invalid`
 */
export async function signedPackage(
  tx: Transaction, tenantId: string, sent: { readonly files: readonly PackageFile[]; readonly signature: SignedPackage }, manifest: ConnectorManifest, manifestDigest: string,
): Promise<AcceptedPackage> {
  const problem = filesProblem(sent.files);
  if (problem !== null) throw new ApiError('package_invalid', `The list of files does not make a package: ${problem}.`);
  const { kid, statement } = await verifiedStatement(tx, tenantId, sent.signature);
  const digest = packageDigest(sent.files);
  const expected = { name: manifest.name, version: manifest.version, manifest_digest: manifestDigest, package_digest: digest };
  for (const member of ['name', 'version', 'manifest_digest', 'package_digest'] as const) {
    if (statement[member] !== expected[member]) throw new ApiError('package_signature_invalid', `The signature is over ${member} ${statement[member]}, and ${expected[member]} was sent.`);
  }
  return { digest, files: sent.files, signature: sent.signature, kid };
}
