import { createHash } from 'node:crypto';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { Json, JsonObject } from '../sdk/connector.ts';

/** Free texts by the RFC 6901 pointer of their parameter (`/work_note`). */
export type ContentTexts = Readonly<Record<string, string>>;

/** What stands for a free text in the canonical action. */
export interface ContentDigest {
  readonly sha256: string;
  /** In UTF-16 code units, as editors count. */
  readonly length: number;
  /** The parameter was an object or a list, and its text is the canonical JSON of it. */
  readonly json?: true;
}

/** Takes the free texts out of `parameters`, and what holds some, and leaves their digests. Absent and empty parameters stay as they are. */
export function withoutContent(parameters: JsonObject, pointers: readonly string[]): { parameters: JsonObject; content: ContentTexts } {
  const rest: JsonObject = { ...parameters };
  const content: Record<string, string> = {};
  for (const pointer of pointers) {
    const value = rest[nameOf(pointer)];
    if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) continue;
    const text = typeof value === 'string' ? value : canonicalText(value);
    content[pointer] = text;
    rest[nameOf(pointer)] = { ...digestOfText(text), ...(typeof value === 'string' ? {} : { json: true }) };
  }
  return { parameters: rest, content };
}

/**
 * Puts the free texts back, each checked against the digest that was approved.
 * @throws ConnectorError `parameters_invalid` when a text is missing (shredded) or is not the one whose digest stands in the action
 */
export function withContent(parameters: JsonObject, pointers: readonly string[], content: ContentTexts): JsonObject {
  const whole: JsonObject = { ...parameters };
  for (const pointer of pointers) {
    const digest = whole[nameOf(pointer)] as unknown as ContentDigest | null | undefined;
    if (digest === undefined || digest === null) continue;
    const text = content[pointer];
    if (text === undefined || digestOfText(text).sha256 !== digest.sha256) {
      throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `The text of ${pointer} is not the one that was approved, or was shredded.` });
    }
    whole[nameOf(pointer)] = digest.json === true ? JSON.parse(text) as Json : text;
  }
  return whole;
}

function digestOfText(text: string): ContentDigest {
  return { sha256: createHash('sha256').update(text, 'utf8').digest('hex'), length: text.length };
}

/** Free text parameters stand at the top level only: a manifest with a deeper pointer is refused when it is loaded. */
function nameOf(pointer: string): string {
  return pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
}
