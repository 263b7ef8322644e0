import type { types } from '@slack/bolt';
import { escapeMrkdwn, label } from '../safe-text.ts';
import { ACTIONS, buttonValue } from './button-value.ts';
import { actionName, openButton, plain, slackTime } from './card.ts';
import type { CardFacts } from './queries.ts';

/** Three blocks each, and a view takes 100. */
const MAX_SHOWN = 25;

/** App Home of one who is linked: what waits for them. */
export function homeOf(pending: readonly CardFacts[], displayName: string, publicUrl: string): types.HomeView {
  const left = pending.length - MAX_SHOWN;
  return {
    type: 'home',
    blocks: [
      { type: 'header', text: plain(pending.length === 0 ? 'Nothing waits for you' : `${pending.length} waiting for you`, 150) },
      ...pending.slice(0, MAX_SHOWN).flatMap(entryOf),
      ...(left > 0 ? [{ type: 'section', text: plain(`${left} more are in the console.`, 200) } satisfies types.SectionBlock] : []),
      { type: 'divider' },
      { type: 'context', elements: [{ ...plain(`You are ${displayName} in Countersign.`, 200) }] },
      { type: 'actions', elements: [openButton('Open the console', `${publicUrl}/approvals`), { type: 'button', action_id: ACTIONS.unlink, text: plain('Unlink my account', 75) }] },
    ],
  };
}

/** App Home of one who is nobody yet. */
export function homeOfStranger(): types.HomeView {
  return {
    type: 'home',
    blocks: [
      { type: 'header', text: plain('Approvals', 150) },
      { type: 'section', text: plain('Link your Slack user to your account in Countersign to see what waits for you, and to decide from Slack.', 300) },
      { type: 'actions', elements: [{ type: 'button', action_id: ACTIONS.link, style: 'primary', text: plain('Link my account', 75) }] },
    ],
  };
}

function entryOf(facts: CardFacts): types.KnownBlock[] {
  return [
    {
      type: 'section', text: plain(`${actionName(facts)}${facts.subject_label === null ? '' : ` on ${facts.subject_label}`} in ${facts.environment}`, 300),
      accessory: { type: 'button', action_id: ACTIONS.show, text: plain('Show', 75), value: buttonValue({ approvalId: facts.id, digest: facts.action_digest }) },
    },
    { type: 'context', elements: [{ type: 'mrkdwn', text: `Tier ${escapeMrkdwn(label(facts.tier, 60))}; open until ${slackTime(facts.expires_at)}` }] },
  ];
}
