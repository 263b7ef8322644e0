import { createHash } from 'node:crypto';
import { ConnectorError } from '../sdk/errors.ts';
import type { JsonObject } from '../sdk/connector.ts';

/** Free texts by the RFC 6901 pointer of their parameter (`/work_note`). */
export type ContentTexts = Readonly<Record<string, string>>;

/** What stands for a free text in the canonical action. */
export interface ContentDigest {
  readonly sha256: string;
  /** In UTF-16 code units, as editors count. */
  readonly length: number;
}

/** Takes the free texts out of `parameters` and leaves their digests. Absent and empty parameters stay as they are. */
export function withoutContent(parameters: JsonObject, pointers: readonly string[]): { parameters: JsonObject; content: ContentTexts } {
  const rest: JsonObject = { ...parameters };
  const content: Record<string, string> = {};
  for (const pointer of pointers) {
    const text = rest[nameOf(pointer)];
    if (typeof text !== 'string') continue;
    content[pointer] = text;
    rest[nameOf(pointer)] = { ...digestOfText(text) };
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
    whole[nameOf(pointer)] = text;
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
