import type { types } from '@slack/bolt';
import type { ApprovalView } from '../../approvals/approval-view.ts';
import { escapeMrkdwn, shownText, whatIsMissing } from '../safe-text.ts';
import { ACTIONS, buttonValue, VIEWS } from './button-value.ts';
import type { ButtonValue } from './button-value.ts';
import { actionName, approvalUrl, openButton, plain, slackTime } from './card.ts';
import type { CardFacts } from './queries.ts';

/** A block's text may have 3,000 characters, a view 100 blocks (@slack/types). Escaping can make five of one. */
const VALUE_LENGTH = 300;
const TEXT_LENGTH = 2_000;
const DOCUMENT_LENGTH = 8_000;
const MAX_FIELDS = 40;
const MAX_ADDITIONS = 4;
export const REASON_LENGTH = 500;

/** Block and element of the reason, where Slack puts what was typed and where it shows what is wrong with it. */
export const REASON = { block: 'reason', input: 'reason_text' } as const;

/** What would be executed, for one who may see it; with a button to approve for one who may vote. */
export function actionModal(facts: CardFacts, approval: ApprovalView, publicUrl: string): types.ModalView {
  const value: ButtonValue = { approvalId: approval.id, digest: approval.action_digest };
  return {
    type: 'modal', callback_id: VIEWS.decide, private_metadata: buttonValue(value),
    title: plain('Requested action', 24), close: plain('Close', 24),
    ...(approval.may_vote && approval.kind !== 'outcome' ? { submit: plain('Approve', 24) } : {}),
    blocks: [
      { type: 'section', text: plain(`${actionName(facts)} in ${facts.environment}`, 300) },
      { type: 'context', elements: [{ type: 'mrkdwn', text: `Digest ${approval.action_digest.slice(0, 19)}; open until ${slackTime(facts.expires_at)}` }] },
      { type: 'divider' },
      ...changesOf(approval),
      ...documentOf(approval),
      ...decisionOf(approval, value, publicUrl),
    ],
  };
}

/** Asks why. The reason is kept with the vote and shown to whoever reads the approval. */
export function reasonModal(value: ButtonValue): types.ModalView {
  return {
    type: 'modal', callback_id: VIEWS.reason, private_metadata: buttonValue(value),
    title: plain('Reject', 24), submit: plain('Reject', 24), close: plain('Cancel', 24),
    blocks: [{
      type: 'input', block_id: REASON.block, label: plain('Why should this not happen?', 150),
      // Optional for Slack, so that its client lets an empty one through and we are the ones who refuse it.
      optional: true,
      element: { type: 'plain_text_input', action_id: REASON.input, multiline: true, max_length: REASON_LENGTH },
    }],
  };
}

/** One thing said, with a way on where there is one. */
export function noticeModal(title: string, text: string, link: { readonly text: string; readonly url: string } | null = null): types.ModalView {
  return {
    type: 'modal', title: plain(title, 24), close: plain('Close', 24),
    blocks: [
      { type: 'section', text: plain(text, 1_000) },
      ...(link === null ? [] : [{ type: 'actions', elements: [openButton(link.text, link.url)] } satisfies types.ActionsBlock]),
    ],
  };
}

function changesOf({ preview }: ApprovalView): types.KnownBlock[] {
  const fields = preview.fields.slice(0, MAX_FIELDS).map(({ label, before, after }): types.KnownBlock => {
    const [was, becomes] = [shownText(before, VALUE_LENGTH), shownText(after, VALUE_LENGTH)];
    const notes = [whatIsMissing(was), whatIsMissing(becomes)].filter((note) => note !== null).map((note) => `\n(${note})`).join('');
    return textSection(`${label}: ${was.text === '' ? '(empty)' : was.text} → ${becomes.text === '' ? '(empty)' : becomes.text}${notes}`);
  });
  const additions = preview.additions.slice(0, MAX_ADDITIONS).flatMap(({ label, text }) => [textSection(`${label}, added:`), ...quoted(text, TEXT_LENGTH)]);
  const left = Math.max(0, preview.fields.length - MAX_FIELDS) + Math.max(0, preview.additions.length - MAX_ADDITIONS);
  return [...fields, ...additions, ...(left === 0 ? [] : [note(`${left} more changes are not shown here; open the approval in the console to see them.`)])];
}

/** The parameters as they will be sent: read from the canonical bytes that the digest is over. */
function documentOf({ action_document }: ApprovalView): types.KnownBlock[] {
  const { parameters } = action_document as { parameters?: unknown };
  if (parameters === undefined) return [];
  return [{ type: 'divider' }, note('Exactly what would be sent. Free text stands as its digest.'), ...quoted(JSON.stringify(parameters, null, 2), DOCUMENT_LENGTH)];
}

/** Preformatted text in pieces that fit a block. */
function quoted(text: string, limit: number): types.KnownBlock[] {
  const shown = shownText(text, limit);
  const missing = whatIsMissing(shown);
  const pieces = shown.text === '' ? [] : piecesOf(shown.text);
  return [
    ...pieces.map((piece): types.KnownBlock => ({ type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: piece }] }] })),
    ...(missing === null ? [] : [note(missing)]),
  ];
}

function piecesOf(text: string): string[] {
  const all = [...text];
  return Array.from({ length: Math.ceil(all.length / TEXT_LENGTH) }, (_, index) => all.slice(index * TEXT_LENGTH, (index + 1) * TEXT_LENGTH).join(''));
}

function decisionOf(approval: ApprovalView, value: ButtonValue, publicUrl: string): types.KnownBlock[] {
  const url = approvalUrl(publicUrl, approval.id);
  if (approval.kind === 'outcome') return [note('This was sent, and nobody can tell whether it happened. Look at the record, then say so in the console.'), { type: 'actions', elements: [openButton('Open in the console', url)] }];
  if (approval.may_vote) {
    return [{ type: 'actions', elements: [{ type: 'button', action_id: ACTIONS.reject, text: plain('Reject', 75), style: 'danger', value: buttonValue(value) }, openButton('Open in the console', url)] }];
  }
  return [note(approval.may_not_vote_because ?? 'This is decided.'), { type: 'actions', elements: [openButton('Open in the console', url)] }];
}

function textSection(text: string): types.KnownBlock {
  return { type: 'section', text: { type: 'plain_text', text: text.slice(0, 3_000), emoji: false } };
}

function note(text: string): types.KnownBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: escapeMrkdwn(text) }] };
}
