/** Where a bucket of S3 is. */
export interface S3Place {
  readonly bucket: string;
  /** In front of every key, ending in a slash; empty for none. */
  readonly prefix: string;
  /** Null: as the SDK finds it (AWS_REGION, profile). */
  readonly region: string | null;
  /** For a server that is not Amazon's; null: the region's. */
  readonly endpoint: string | null;
}

/** What `openObjects` needs: plain data, so that a thread can be given it. */
export interface ObjectsSettings {
  readonly objectsFolder: string;
  /** Null or absent: the folder. */
  readonly objectsS3?: S3Place | null;
}

/** A variable that is wrong, and what it takes. */
export interface ObjectsSettingsProblem {
  readonly problem: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The bucket that the environment names; null for none, a problem for one that cannot be. */
export function readS3Place(env: Environment): S3Place | ObjectsSettingsProblem | null {
  const bucket = env['COUNTERSIGN_OBJECTS_S3_BUCKET'] || null;
  if (bucket === null) return null;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return { problem: `COUNTERSIGN_OBJECTS_S3_BUCKET is ${JSON.stringify(bucket)}. Set it to the name of a bucket: 3 to 63 small letters, digits, dots and hyphens.` };
  const prefix = env['COUNTERSIGN_OBJECTS_S3_PREFIX'] ?? '';
  if (prefix !== '' && !/^(?:[A-Za-z0-9._-]+\/)+$/.test(prefix)) return { problem: `COUNTERSIGN_OBJECTS_S3_PREFIX is ${JSON.stringify(prefix)}. Set it to a path that ends in a slash, such as cell-1/.` };
  const endpoint = env['COUNTERSIGN_OBJECTS_S3_ENDPOINT'] || null;
  if (endpoint !== null && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol))) return { problem: `COUNTERSIGN_OBJECTS_S3_ENDPOINT is ${JSON.stringify(endpoint)}. Set it to a URL that begins with https:// (or http:// on this machine).` };
  return { bucket, prefix, endpoint, region: env['COUNTERSIGN_OBJECTS_S3_REGION'] || null };
}
