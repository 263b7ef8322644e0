import type { webApi } from '@slack/bolt';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { FOR_GOOD, failureOf, pauseOf } from '../app/slack-calls.ts';
import type { SlackFailure } from '../app/slack-calls.ts';
import { sendMessage } from '../app/slack-sender.ts';
import type { SlackSender } from '../app/slack-sender.ts';
import { findLink } from '../links/queries.ts';
import type { LinkRow } from '../links/queries.ts';
import { approvalCard } from './card.ts';
import { findPostedCard, METADATA_EVENT } from './find-posted-card.ts';
import { homeOf } from './home.ts';
import { outcomeText } from './outcome.ts';
import {
  cardFacts, cardPosted, cardRefused, cardShows, cardsToPost, homeShows, outcomesToTell, outcomeTold, staleCards, staleHomes, takeCard, wantCards,
} from './queries.ts';
import type { CardRow, HomeRow, OutcomeRow, ShownCard } from './queries.ts';

export interface CardPosterParts {
  readonly tenantId: string;
  readonly database: Database;
  readonly sender: SlackSender;
  readonly publicUrl: string;
}

/**
 * Makes Slack show what the database says. Each turn asks the database what is missing: cards of what waits, cards that show something
 * else than what is, threads that were not told the end, Homes with another list. Messages that say "look" make it sooner, never other.
 */
export class CardPoster {
  readonly #parts: CardPosterParts;

  constructor(parts: CardPosterParts) {
    this.#parts = parts;
  }

  /** Gives whether it did something. */
  async turn(): Promise<boolean> {
    const { tenantId } = this.#parts;
    await this.#change(wantCards, [tenantId]);
    const posted = await this.#each<CardRow>(await this.#rows<CardRow>(cardsToPost, [tenantId]), (card) => this.#post(card));
    const updated = await this.#each<CardRow>(await this.#rows<CardRow>(staleCards, [tenantId]), (card) => this.#update(card));
    const told = await this.#each<OutcomeRow>(await this.#rows<OutcomeRow>(outcomesToTell, [tenantId]), (card) => this.#tell(card));
    const homes = await this.#each<HomeRow>(await this.#rows<HomeRow>(staleHomes, [tenantId]), (home) => this.#publish(home));
    return posted || updated || told || homes;
  }

  async #post(card: CardRow): Promise<boolean> {
    const client = await this.#parts.sender.clientOf(card.installation);
    if (client === null || !await this.#parts.sender.mayPost(card)) return false;
    const taken = await this.#row<{ unsure: boolean }>(takeCard, this.#keyOf(card));
    const facts = await this.#facts(card.approval_id);
    if (taken === undefined || facts === undefined) return false;
    try {
      const there = taken.unsure ? await findPostedCard(client, card.channel_id, card.approval_id) : null;
      const ts = there ?? await this.#send(client, card, facts);
      // One that was found shows nobody knows what: it is updated next.
      await this.#change(cardPosted, [...this.#keyOf(card), ts, there === null ? facts.shown : null]);
      return true;
    } catch (error) {
      return this.#postFailed(card, failureOf(error));
    }
  }

  async #send(client: webApi.WebClient, card: CardRow, facts: ShownCard): Promise<string> {
    const message = approvalCard(facts, this.#parts.publicUrl);
    const { ts } = await sendMessage(client, {
      channel: card.channel_id, ...message, unfurl_links: false, unfurl_media: false,
      metadata: { event_type: METADATA_EVENT, event_payload: { approval_id: card.approval_id } },
    });
    return ts ?? '';
  }

  /** After an unknown outcome the card stays taken: whoever takes it next looks into the channel first. */
  async #postFailed(card: CardRow, failure: SlackFailure): Promise<boolean> {
    await this.#parts.sender.note(card.installation, failure);
    if (failure.kind === 'unknown') return false;
    await this.#change(cardRefused, [...this.#keyOf(card), failure.kind === 'refused' ? failure.error : 'rate_limited', pauseOf(card.attempts, failure)]);
    return false;
  }

  async #update(card: CardRow): Promise<boolean> {
    const facts = await this.#facts(card.approval_id);
    if (facts === undefined || card.message_ts === null) return false;
    const { message_ts: ts } = card;
    return this.#onceMore(card, async (client) => {
      await client.chat.update({ channel: card.channel_id, ts, ...approvalCard(facts, this.#parts.publicUrl) });
    }, (error) => this.#change(cardShows, [...this.#keyOf(card), facts.shown, error]));
  }

  async #tell(card: OutcomeRow): Promise<boolean> {
    if (card.message_ts === null || !await this.#parts.sender.mayPost(card)) return false;
    const { message_ts: thread_ts } = card;
    return this.#onceMore(card, async (client) => {
        await sendMessage(client, { channel: card.channel_id, thread_ts, text: outcomeText(card, this.#parts.publicUrl), unfurl_links: false, unfurl_media: false });
    }, (error) => this.#change(outcomeTold, [...this.#keyOf(card), error]));
  }

  async #publish({ installation, slack_user, approvals, shown }: HomeRow): Promise<boolean> {
    const { tenantId, publicUrl } = this.#parts;
    const client = await this.#parts.sender.clientOf(installation);
    const link = await this.#row<LinkRow>(findLink, [tenantId, installation, slack_user]);
    if (client === null || link === undefined) return false;
    const pending = (await Promise.all(approvals.slice(0, 100).map((id) => this.#facts(id)))).filter((facts) => facts !== undefined);
    try {
      await client.views.publish({ user_id: slack_user, view: homeOf(pending, link.display_name, publicUrl) });
    } catch (error) {
      const failure = failureOf(error);
      await this.#parts.sender.note(installation, failure);
      if (failure.kind !== 'refused') return false;
    }
    return await this.#change(homeShows, [tenantId, installation, slack_user, shown]) > 0;
  }

  /** What may be done twice (an update, a line in a thread): until Slack says yes, or no for good. */
  async #onceMore(card: CardRow, work: (client: webApi.WebClient) => Promise<void>, done: (error: string | null) => Promise<number>): Promise<boolean> {
    const client = await this.#parts.sender.clientOf(card.installation);
    if (client === null) return false;
    try {
      await work(client);
      return await done(null) > 0;
    } catch (error) {
      const failure = failureOf(error);
      await this.#parts.sender.note(card.installation, failure);
      if (failure.kind === 'refused' && FOR_GOOD.has(failure.error)) return await done(failure.error) > 0;
      await this.#change(cardRefused, [...this.#keyOf(card), failure.kind === 'refused' ? failure.error : failure.kind, pauseOf(card.attempts, failure)]);
      return false;
    }
  }

  async #each<T>(rows: readonly T[], work: (row: T) => Promise<boolean>): Promise<boolean> {
    let did = false;
    for (const row of rows) did = await work(row) || did;
    return did;
  }

  #keyOf(card: CardRow): [string, string, string, string] {
    return [this.#parts.tenantId, card.approval_id, card.installation, card.channel_id];
  }

  #facts(approvalId: string): Promise<ShownCard | undefined> {
    return this.#row<ShownCard>(cardFacts, [this.#parts.tenantId, approvalId]);
  }

  #rows<Row extends object>(...[statement, values]: Parameters<Ask>): Promise<Row[]> {
    return this.#parts.database.forTenant(this.#parts.tenantId, (tx) => tx.rows<Row>(statement, values));
  }

  #row<Row extends object>(...[statement, values]: Parameters<Ask>): Promise<Row | undefined> {
    return this.#parts.database.forTenant(this.#parts.tenantId, (tx) => tx.maybeOne<Row>(statement, values));
  }

  #change(...[statement, values]: Parameters<Ask>): Promise<number> {
    return this.#parts.database.forTenant(this.#parts.tenantId, (tx) => tx.change(statement, values));
  }
}

type Ask = (statement: typeof wantCards, values: readonly unknown[]) => unknown;
