import type { types } from '@slack/bolt';
import { signInAsked } from '../../approvals/sign-in-rules.ts';
import { escapeMrkdwn, label } from '../safe-text.ts';
import { ACTIONS, buttonValue } from './button-value.ts';
import type { CardFacts } from './queries.ts';

/** Slack: at most 10 fields in a section, 75 characters on a button (@slack/types). */
const LABEL_LENGTH = 120;

export interface CardMessage {
  /** For notifications and screen readers. */
  readonly text: string;
  readonly blocks: types.KnownBlock[];
}

/**
 * The card of an approval. It names the action and how it stands; arguments are shown to people who are known and allowed, in a modal.
 * Texts from outside stand in `plain_text`, which Slack does not parse.
 */
export function approvalCard(facts: CardFacts, publicUrl: string): CardMessage {
  return {
    text: escapeMrkdwn(`${headline(facts)}: ${actionName(facts)}${facts.subject_label === null ? '' : ` on ${label(facts.subject_label, 60)}`}`),
    blocks: [
      { type: 'header', text: plain(headline(facts), 150) },
      { type: 'section', text: plain(actionName(facts), 300), fields: fieldsOf(facts) },
      { type: 'context', elements: [{ type: 'mrkdwn', text: contextOf(facts) }] },
      ...(facts.state === 'pending' ? [buttonsOf(facts, publicUrl)] : []),
    ],
  };
}

/** In the words of the connector, with the action's own name beside them. */
export function actionName(facts: Pick<CardFacts, 'action' | 'action_title'>): string {
  return facts.action_title === null ? label(facts.action, LABEL_LENGTH) : `${label(facts.action_title, LABEL_LENGTH)} (${label(facts.action, LABEL_LENGTH)})`;
}

/** A moment in the reader's own time zone; the text behind the bar is for clients that cannot. */
export function slackTime(at: Date): string {
  return `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty} {time}|${at.toISOString()}>`;
}

export function plain(text: string, limit: number): types.PlainTextElement {
  return { type: 'plain_text', text: label(text, limit), emoji: false };
}

const HEADLINES: Readonly<Record<string, string>> = {
  pending: 'Approval needed', approved: 'Approved', consumed: 'Approved', rejected: 'Rejected', expired: 'Expired', withdrawn: 'Withdrawn',
};

/** Of an effect that was sent and that nobody can tell about. */
const QUESTIONS: Readonly<Record<string, string>> = { pending: 'Did it happen?', expired: 'Nobody said whether it happened', withdrawn: 'Withdrawn' };

function headline({ kind, answer, state }: CardFacts): string {
  if (kind === 'outcome') return answer === null ? QUESTIONS[state] ?? state : answer === 'happened' ? 'It happened' : 'It did not happen';
  return HEADLINES[state] ?? state;
}

function fieldsOf(facts: CardFacts): types.PlainTextElement[] {
  const signIn = signInAsked(facts);
  const field = (name: string, value: string): types.PlainTextElement => ({ type: 'plain_text', text: `${name}\n${label(value, LABEL_LENGTH)}`, emoji: false });
  return [
    field('Record', facts.subject_label ?? 'not named'),
    field('Environment', facts.environment),
    field('Tier', `${facts.tier}, ${facts.required_votes} by ${facts.required_role}`),
    field('Requested by', facts.requester),
    ...(signIn === null ? [] : [field('Sign-in', signIn)]),
    field('Digest', facts.action_digest.slice('sha256:'.length, 'sha256:'.length + 12)),
    ...(facts.kind === 'action' && (facts.required_votes > 1 || facts.state !== 'pending') ? [field('Votes for it', `${facts.votes_for} of ${facts.required_votes}`)] : []),
  ];
}

function contextOf(facts: CardFacts): string {
  if (facts.state === 'pending' && facts.kind === 'outcome') return `It was sent, and the system of record cannot tell. Look there, then say so by ${slackTime(facts.expires_at)}; nothing is sent again before.`;
  if (facts.state === 'pending') return `Open until ${slackTime(facts.expires_at)}; nobody deciding is a no.`;
  const by = facts.decided_by === null ? '' : ` by ${escapeMrkdwn(label(facts.decided_by, LABEL_LENGTH))} (${escapeMrkdwn(facts.decided_in ?? '')})`;
  const at = facts.decided_at === null ? '' : ` at ${slackTime(facts.decided_at)}`;
  return `${headline(facts)}${facts.state === 'expired' ? '' : by}${at}.`;
}

function buttonsOf(facts: CardFacts, publicUrl: string): types.ActionsBlock {
  const value = buttonValue({ approvalId: facts.id, digest: facts.action_digest });
  const show: types.Button = { type: 'button', action_id: ACTIONS.show, text: plain('Show', 75), value };
  // An answer needs a reason and a look at what was sent: it is given in the console.
  if (facts.kind === 'outcome') return { type: 'actions', block_id: `approval:${facts.id}`, elements: [show, openButton('Say what happened', approvalUrl(publicUrl, facts.id))] };
  if (facts.step_up) return { type: 'actions', block_id: `approval:${facts.id}`, elements: [show, openButton('Sign in and decide', approvalUrl(publicUrl, facts.id))] };
  return {
    type: 'actions', block_id: `approval:${facts.id}`,
    elements: [
      show,
      { type: 'button', action_id: ACTIONS.approve, text: plain('Approve', 75), style: 'primary', value },
      { type: 'button', action_id: ACTIONS.reject, text: plain('Reject', 75), style: 'danger', value },
    ],
  };
}

/** The approval in the console. Opening it decides nothing. */
export function approvalUrl(publicUrl: string, approvalId: string): string {
  return `${publicUrl}/approvals?selected=${approvalId}`;
}

export function openButton(text: string, url: string): types.Button {
  return { type: 'button', action_id: ACTIONS.open, text: plain(text, 75), url };
}
