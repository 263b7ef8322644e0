import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { CellError } from '../cell/errors.ts';
import { SlackSandbox } from './slack-sandbox.ts';
import type { SlackMessage } from './slack-sandbox.ts';
import { setUpSlack } from './slack-setup.ts';
import type { SlackSetup } from './slack-setup.ts';

type Approval = components['schemas']['Approval'];

const POLL_MS = 100;
const WAIT_MS = 60_000;

/** One person in the stand-in for Slack who looks at each card's arguments and approves them there. */
export class SlackApprover {
  readonly #sandbox: SlackSandbox;
  readonly #setup: SlackSetup;
  readonly #cards: SlackMessage[] = [];
  #busy: Promise<void> = Promise.resolve();

  private constructor(sandbox: SlackSandbox, setup: SlackSetup) {
    this.#sandbox = sandbox;
    this.#setup = setup;
  }

  static async start(cell: { readonly url: string; readonly apiKey: string }, mode: 'socket' | 'http'): Promise<SlackApprover> {
    const sandbox = await SlackSandbox.start();
    try {
      return new SlackApprover(sandbox, await setUpSlack(sandbox, cell, mode));
    } catch (error) {
      await sandbox.stop();
      throw error;
    }
  }

  /** A person has one screen: one card after the other. */
  approve(approval: Approval): Promise<void> {
    const done = this.#busy.then(() => this.#approve(approval));
    this.#busy = done.catch(() => undefined);
    return done;
  }

  /** How many threads say that the action was executed, waiting for them. */
  async threadsTold(): Promise<number> {
    const told = await Promise.all(this.#cards.map((card) => this.#until('the thread', async () =>
      (await this.#sandbox.thread(this.#setup.channel, card.ts)).some(({ text }) => text.startsWith('Executed.'))).then(() => 1, () => 0)));
    return told.reduce<number>((sum, one) => sum + one, 0);
  }

  async stop(): Promise<void> {
    await this.#setup.undo().finally(() => this.#sandbox.stop());
  }

  async #approve(approval: Approval): Promise<void> {
    const { user, channel, via } = this.#setup;
    const card = await this.#until('the card', async () => (await this.#sandbox.messages(channel)).find(({ blocks }) => JSON.stringify(blocks ?? []).includes(approval.id)));
    await this.#sandbox.press(user, channel, card.ts, 'countersign_show', via);
    await this.#until('the arguments', () => this.#modalSays('Requested action', approval.action_digest.slice(0, 19)));
    await this.#sandbox.submit(user, via);
    await this.#until('the vote to be counted', () => this.#modalSays('Counted', 'is approved'));
    this.#cards.push(card);
  }

  async #modalSays(title: string, text: string): Promise<boolean> {
    const view = await this.#sandbox.modal(this.#setup.user);
    if (view?.title?.text === 'Not counted') throw new CellError('demo_failed', `Slack says: ${JSON.stringify(view.blocks)}`);
    return view?.title?.text === title && JSON.stringify(view.blocks).includes(text);
  }

  async #until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      if (Date.now() > deadline) throw new CellError('demo_failed', `waited too long for ${what} in Slack`);
      await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
    }
  }
}
