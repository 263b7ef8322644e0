import { FolderObjects } from './folder-objects.ts';
import type { Objects } from './objects.ts';
import type { ObjectsSettings } from './settings.ts';

/** The object store that is configured. */
export async function openObjects({ objectsFolder, objectsS3 = null }: ObjectsSettings): Promise<Objects> {
  if (objectsS3 === null) return new FolderObjects(objectsFolder);
  // Loaded where it is used: its client is 45 MB of memory.
  const { S3Objects } = await import('./s3-objects.ts');
  return new S3Objects(objectsS3);
}
