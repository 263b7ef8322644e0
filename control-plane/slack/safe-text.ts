/**
 * Texts from outside on their way into Slack. Characters that people cannot see but that change what they read (or what a model reads)
 * are taken out, what is too long is cut, and both are said.
 */

/**
 * Control characters but tab and line feed; what Unicode calls default-ignorable (zero-width characters, tags, variation selectors, fillers,
 * soft hyphens); bidirectional controls (UAX #9); separators that look like line ends; interlinear annotations.
 */
const INVISIBLE = /(?![\t\n])[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\ufff9-\ufffb]/gu;

export interface ShownText {
  readonly text: string;
  readonly removed_count: number;
  readonly cut_count: number;
}

/** `text` without invisible characters, at most `limit` characters (code points) of it. */
export function shownText(text: string, limit: number): ShownText {
  const visible = text.toWellFormed().replaceAll('\r\n', '\n').replace(INVISIBLE, '');
  const all = [...visible];
  const removed_count = [...text.replaceAll('\r\n', '\n')].length - all.length;
  return { text: all.slice(0, limit).join(''), removed_count, cut_count: Math.max(0, all.length - limit) };
}

/** As `shownText`, in one line, with an ellipsis where it was cut. For labels; whoever needs to know all of it opens the console. */
export function label(text: string, limit: number): string {
  const { text: kept, cut_count } = shownText(text.replace(/\s+/g, ' '), limit);
  return cut_count === 0 ? kept : `${[...kept].slice(0, limit - 1).join('')}…`;
}

/** What was taken out of `shown`, as a sentence; null when nothing was. */
export function whatIsMissing({ removed_count, cut_count }: ShownText): string | null {
  const parts = [
    ...(cut_count > 0 ? [`${cut_count} more characters are not shown here`] : []),
    ...(removed_count > 0 ? [`${removed_count} invisible characters were taken out`] : []),
  ];
  return parts.length === 0 ? null : `${parts.join('; ')}.`;
}

/** The three characters that mean something to mrkdwn's parser: without them there is no link, mention or special command. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
