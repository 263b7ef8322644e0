import { readFile } from 'node:fs/promises';
import { decodePackage, PackedPackageError } from '@countersign/contracts/connectors/package/packed.ts';
import { packageFiles } from '@countersign/contracts/connectors/package/package.ts';
import type { PackageFile } from '@countersign/contracts/connectors/package/package.ts';
import { signersOf } from '@countersign/contracts/connectors/package/signature.ts';
import type { SignedPackage } from '@countersign/contracts/connectors/package/signature.ts';
import { CliError } from '../errors.ts';

export interface PublishRequest {
  readonly manifest: Record<string, unknown>;
  readonly package: { readonly files: PackageFile[]; readonly signature: SignedPackage };
}

/** What `publish` sends of a packed file: manifest, digests and signature. The code itself stays where workers load it from. @throws CliError */
export async function readPackedFile(file: string): Promise<PublishRequest> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new CliError('input_invalid', `${file} cannot be read: ${cause.message}`, { cause });
  });
  try {
    const { content, manifestText, signature } = decodePackage(bytes);
    if (signersOf(signature).length === 0) throw new CliError('input_invalid', `${file} is not signed. Pack it with a key.`);
    return { manifest: JSON.parse(manifestText) as Record<string, unknown>, package: { files: packageFiles(content), signature } };
  } catch (cause) {
    if (cause instanceof PackedPackageError || cause instanceof SyntaxError) throw new CliError('input_invalid', `${file}: ${cause.message}`, { cause });
    throw cause;
  }
}
