import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { CanonicalAction, DigestedAction } from './canonical-action.ts';

/**
 * Reads an action as it was approved or intended. Null unless its bytes have the digest it is kept under and are canonical: what is
 * executed is what was approved, or nothing.
 */
export function readStoredAction(text: string, digest: string): Omit<DigestedAction, 'content'> | null {
  if (digestOfBytes(text) !== digest) return null;
  try {
    const action = parseCanonical(text);
    return isAction(action) ? { action, text, digest } : null;
  } catch {
    return null;
  }
}

/** The digest vouches for the content; this only keeps a text of another format from being taken for an action. */
function isAction(value: unknown): value is CanonicalAction {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 'countersign.dev/action/v1' && 'parameters' in value
    && typeof value.parameters === 'object' && value.parameters !== null;
}
