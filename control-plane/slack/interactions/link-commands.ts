import type { types } from '@slack/bolt';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { homeOfStranger } from '../cards/home.ts';
import { noticeModal } from '../cards/modals.ts';
import type { SlackLinks } from '../links/links.ts';
import { openedHome } from '../links/queries.ts';
import type { Click } from './decisions.ts';
import { whyStranger } from './membership.ts';
import type { Voters } from './voters.ts';

export interface LinkCommandsParts {
  readonly database: Database;
  readonly log: Logger;
  readonly links: SlackLinks;
  readonly voters: Voters;
  readonly publicUrl: string;
  readonly wake: (tenantId: string) => void;
}

interface Said {
  readonly title: string;
  readonly text: string;
  readonly link: { readonly text: string; readonly url: string } | null;
}

/** Linking and unlinking from inside of Slack. What is answered is seen by the one who asked, and by nobody else. */
export class LinkCommands {
  readonly #parts: LinkCommandsParts;

  constructor(parts: LinkCommandsParts) {
    this.#parts = parts;
  }

  async link(click: Click): Promise<types.ModalView> {
    const { title, text, link } = await this.#link(click);
    return noticeModal(title, text, link);
  }

  async unlink(click: Click): Promise<types.ModalView> {
    const { title, text } = await this.#unlink(click);
    return noticeModal(title, text);
  }

  /** `/countersign link`, `/countersign unlink`. */
  async command(click: Click, text: string): Promise<{ readonly response_type: 'ephemeral'; readonly text: string }> {
    const what = text.trim().toLowerCase();
    const said = what === 'link' ? await this.#link(click) : what === 'unlink' ? await this.#unlink(click)
      : { title: 'Countersign', text: 'Use `/countersign link` to link your Slack user to your account, and `/countersign unlink` to undo that.', link: null };
    return { response_type: 'ephemeral', text: said.link === null ? said.text : `${said.text} <${said.link.url}|${said.link.text}>` };
  }

  /** From now on the Home of a linked person is kept up to date (`cards/card-poster.ts`); a stranger's asks to link. */
  async homeOpened({ tenantId, clicker, client }: Click): Promise<void> {
    if (clicker === null) return;
    const { installation, userId } = clicker;
    const opened = await this.#parts.database.forTenant(tenantId, (tx) => tx.change(openedHome, [tenantId, installation, userId]));
    if (opened > 0) this.#parts.wake(tenantId);
    else await client.views.publish({ user_id: userId, view: homeOfStranger() });
  }

  async #link({ tenantId, clicker, client }: Click): Promise<Said> {
    if (clicker === null) return NOBODY;
    const stranger = await whyStranger(client, clicker);
    if (stranger !== null) return { title: 'Not linked', text: 'Only full members of this workspace can be linked.', link: null };
    const linked = await this.#parts.voters.linkOf(tenantId, clicker);
    if (linked !== null) return { title: 'Linked already', text: 'You are linked. Use `/countersign unlink` first to be somebody else.', link: null };
    const url = await this.#parts.links.newLinkUrl(tenantId, { installation: clicker.installation, slackUser: clicker.userId, slackName: clicker.userName });
    return { title: 'Link my account', text: 'Open this link where you are signed in to Countersign, and confirm there. It works once, for 10 minutes, and is for you alone: do not pass it on.', link: { text: 'Link my account', url } };
  }

  async #unlink({ tenantId, clicker, client }: Click): Promise<Said> {
    if (clicker === null) return NOBODY;
    const linked = await this.#parts.voters.linkOf(tenantId, clicker);
    if (linked === null) return { title: 'Not linked', text: 'You are not linked.', link: null };
    const workspace = await this.#parts.voters.homeWorkspace(tenantId);
    await this.#parts.links.unlink(tenantId, { id: linked.principal_id, kind: 'person', workspaceId: workspace }, clicker.installation, clicker.userId, linked.principal_id);
    await client.views.publish({ user_id: clicker.userId, view: homeOfStranger() }).catch((error: unknown) => this.#parts.log.warn({ err: error }, 'the App Home of an unlinked user still shows the old list'));
    return { title: 'Unlinked', text: 'You are no longer linked: nothing can be decided by this Slack user.', link: null };
  }
}

const NOBODY: Said = { title: 'Not linked', text: 'Slack did not say who you are.', link: null };
