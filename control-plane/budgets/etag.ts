import { ApiError } from '@countersign/platform/http/api-error.ts';

/** The entity tag of a version; 0 is "nothing was set yet". */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The version that `If-Match` (RFC 9110, 13.1.1) wants to change; null when the header is absent or `*`, and whatever is there is replaced.
 * @throws ApiError `precondition_failed` when it is no tag of ours
 */
export function expectedVersion(ifMatch: string | undefined): number | null {
  if (ifMatch === undefined || ifMatch.trim() === '*') return null;
  const version = /^"(\d{1,9})"$/.exec(ifMatch.trim())?.[1];
  if (version === undefined) throw changedSince();
  return Number(version);
}

export function changedSince(): ApiError {
  return new ApiError('precondition_failed', 'Somebody has changed it since you read it, or If-Match names no ETag of it. Read it again, and send the ETag that comes with it.');
}
