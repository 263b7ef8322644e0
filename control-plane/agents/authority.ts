import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import { openFileAuthority } from '@countersign/platform/certificates/file-authority.ts';
import { openSignerAuthority } from '@countersign/platform/certificates/signer-authority.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { AuthoritySettings } from './settings.ts';

/** Who signs the certificates of agents in the cell `cell`. @throws CertificateError `authority_unusable`; KeysError, ObjectsError */
export async function openAuthority(settings: AuthoritySettings, cell: string, objects: Objects, now: Date): Promise<CertificateAuthority> {
  const name = `Countersign agents of ${cell}`;
  if (settings.kind === 'file') return openFileAuthority(settings.folder, name, now);
  // Loaded where it is used: the client of KMS is tens of megabytes of memory.
  const { KmsSigner } = await import('@countersign/platform/keys/kms-signer.ts');
  return openSignerAuthority(objects, name, await KmsSigner.open(settings), now);
}
