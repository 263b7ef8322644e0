import { ArchiveError, decodeArchive, encodeArchive } from '../../evidence/archive.ts';
import { isPackagePath, MANIFEST_FILE, packageDigest, packageFiles } from './package.ts';
import type { PackageContent } from './package.ts';
import type { SignedPackage } from './signature.ts';

/** Of a packed file, what does not belong to the package itself. */
const SIGNATURE_FILE = 'signature.dsse.json';
const MANIFEST_JSON_FILE = 'manifest.canonical.json';

/** A package in one file: what is loaded, the manifest as canonical JSON (so that readers need no YAML), and the signature over both. */
export interface PackedPackage {
  readonly content: PackageContent;
  readonly manifestText: string;
  readonly signature: SignedPackage;
}

export class PackedPackageError extends Error {
  readonly code = 'package_invalid';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PackedPackageError';
  }
}

/** The bytes of a packed package: a zip in one form only, so the same content and key give the same bytes. */
export function encodePackage({ content, manifestText, signature }: PackedPackage): Uint8Array {
  return encodeArchive(new Map([...content, [MANIFEST_JSON_FILE, Buffer.from(manifestText, 'utf8')], [SIGNATURE_FILE, Buffer.from(JSON.stringify(signature), 'utf8')]]));
}

/** Reads a packed package. That its signature holds is for `verifyPackage`. @throws PackedPackageError */
export function decodePackage(bytes: Uint8Array): PackedPackage {
  try {
    const files = new Map(decodeArchive(bytes));
    const manifest = files.get(MANIFEST_JSON_FILE);
    const signature = files.get(SIGNATURE_FILE);
    files.delete(MANIFEST_JSON_FILE);
    files.delete(SIGNATURE_FILE);
    if (manifest === undefined || signature === undefined || !files.has(MANIFEST_FILE)) throw new PackedPackageError('This is a zip, but no package: make one with `countersign connector pack`.');
    const stranger = [...files.keys()].find((path) => !isPackagePath(path));
    if (stranger !== undefined) throw new PackedPackageError(`The package holds ${stranger}, which is no file of a package.`);
    return { content: files, manifestText: Buffer.from(manifest).toString('utf8'), signature: JSON.parse(Buffer.from(signature).toString('utf8')) as SignedPackage };
  } catch (cause) {
    if (cause instanceof ArchiveError || cause instanceof SyntaxError) throw new PackedPackageError(`This is no packed connector: ${cause.message}`, { cause });
    throw cause;
  }
}

export function digestOfContent(content: PackageContent): string {
  return packageDigest(packageFiles(content));
}
