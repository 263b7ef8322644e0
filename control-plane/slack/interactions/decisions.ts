import type { types, webApi } from '@slack/bolt';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Approvals } from '../../approvals/approvals.ts';
import type { Principal } from '../../identity/principal.ts';
import type { ButtonValue } from '../cards/button-value.ts';
import { approvalUrl } from '../cards/card.ts';
import { actionModal, noticeModal, reasonModal } from '../cards/modals.ts';
import { cardFacts } from '../cards/queries.ts';
import type { ShownCard } from '../cards/queries.ts';
import type { Clicker } from './clicker.ts';
import type { ClickRefusal, Voters } from './voters.ts';

export interface DecisionsParts {
  readonly database: Database;
  readonly log: Logger;
  readonly approvals: Approvals;
  readonly voters: Voters;
  readonly publicUrl: string;
}

/** One click or submitted modal: who, on what, and the client to ask Slack with. */
export interface Click {
  readonly tenantId: string;
  readonly clicker: Clicker | null;
  readonly value: ButtonValue | null;
  readonly client: webApi.WebClient;
}

/**
 * What a click leads to: always a modal that says what happened or asks on. Votes go the way of all votes (`approvals/approvals.ts`),
 * where digest, role, requester, deadline and the first decision are judged; what is judged here is only who clicked.
 */
export class Decisions {
  readonly #parts: DecisionsParts;

  constructor(parts: DecisionsParts) {
    this.#parts = parts;
  }

  /** The arguments, for one who is known and allowed to see them. */
  show(click: Click): Promise<types.ModalView> {
    return this.#answer(click, async (value, principal, facts) => {
      const approval = await this.#parts.approvals.read(principal, value.approvalId);
      if (facts.action_digest !== value.digest) return noticeModal('Out of date', 'The action is not the one that this card shows. A newer card names it.');
      return actionModal(facts, approval, this.#parts.publicUrl);
    });
  }

  approve(click: Click): Promise<types.ModalView> {
    return this.#vote(click, 'approve', undefined);
  }

  /** Asks for the reason; only people who may vote are asked. */
  askReason(click: Click): Promise<types.ModalView> {
    return this.#answer(click, async (value, principal) => {
      const { may_vote, may_not_vote_because } = await this.#parts.approvals.read(principal, value.approvalId);
      return may_vote ? reasonModal(value) : noticeModal('Not counted', may_not_vote_because ?? 'Decide in the console.', this.#console(value.approvalId));
    });
  }

  reject(click: Click, reason: string): Promise<types.ModalView> {
    return this.#vote(click, 'reject', reason);
  }

  #vote(click: Click, decision: 'approve' | 'reject', reason: string | undefined): Promise<types.ModalView> {
    return this.#answer(click, async (value, principal) => {
      const vote = { decision, action_digest: value.digest, ...(reason === undefined ? {} : { reason }) };
      // Clicks have no request of our API behind them; the id names them in the audit all the same.
      const { approval: { state } } = await this.#parts.approvals.vote(principal, value.approvalId, vote, newId('request'));
      if (state === 'pending') return noticeModal('Counted', 'Your vote is counted. More votes are needed.');
      return noticeModal('Counted', `Your vote is counted; the action is ${state}. The thread under the card will say how it ends.`);
    });
  }

  async #answer(click: Click, work: (value: ButtonValue, principal: Principal, facts: ShownCard) => Promise<types.ModalView>): Promise<types.ModalView> {
    const { tenantId, clicker, value, client } = click;
    if (clicker === null || value === null) return noticeModal('Not counted', 'This button is not one of Countersign\'s.');
    try {
      const found = await this.#parts.voters.identify(tenantId, clicker, client);
      if ('refused' in found) return noticeModal('Not counted', REFUSALS[found.refused]);
      const facts = await this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<ShownCard>(cardFacts, [tenantId, value.approvalId]));
      if (facts === undefined) return noticeModal('Not counted', 'There is no such approval here.');
      return await work(value, await this.#parts.voters.principalIn(tenantId, facts.workspace_id, found.link), facts);
    } catch (error) {
      return this.#notCounted(error, value.approvalId);
    }
  }

  #notCounted(error: unknown, approvalId: string): types.ModalView {
    if (error instanceof ApiError && error.code !== 'internal' && error.code !== 'unavailable') return noticeModal(TITLES[error.code] ?? 'Not counted', error.message, this.#console(approvalId));
    this.#parts.log.error({ err: error instanceof ApiError ? error.cause ?? error : error }, 'a click in Slack could not be carried out');
    return noticeModal('Not counted', 'Something went wrong on our side, and nothing was decided. Try again, or decide in the console.', this.#console(approvalId));
  }

  #console(approvalId: string): { text: string; url: string } {
    return { text: 'Open the console', url: approvalUrl(this.#parts.publicUrl, approvalId) };
  }
}

const TITLES: Readonly<Record<string, string>> = {
  approval_already_decided: 'Already decided', approval_expired: 'Expired', approval_digest_stale: 'Out of date', approval_stronger_sign_in_required: 'Sign in to decide',
  approval_fresh_sign_in_required: 'Sign in to decide',
};

const REFUSALS: Readonly<Record<ClickRefusal, string>> = {
  not_linked: 'Your Slack user is not linked to an account in Countersign. Type /countersign link, or open the app\'s Home tab.',
  guest: 'Guests of a workspace cannot see or decide approvals.',
  other_team: 'Only members of the workspace that the app is installed in can see or decide approvals.',
  not_a_member: 'Slack says that you are not a member of this workspace.',
  slack_did_not_say: 'Slack did not say who you are in time. Nothing was decided; try again.',
};
