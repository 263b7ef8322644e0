import { saveIdentity } from './identity.ts';
import type { Identity } from './identity.ts';

/** The identity while the agent runs: its certificate and the keys that it believes change, each on the disk before it is relied on. */
export class HeldIdentity {
  readonly #state_dir: string;
  #identity: Identity;
  #saved: Promise<void> = Promise.resolve();

  constructor(state_dir: string, identity: Identity) {
    this.#state_dir = state_dir;
    this.#identity = identity;
  }

  get now(): Identity {
    return this.#identity;
  }

  /** One change after the other: each is made to what the one before has left. */
  change(part: Partial<Pick<Identity, 'certificate_pem' | 'key_set'>>): Promise<void> {
    const saved = this.#saved.then(() => this.#save({ ...this.#identity, ...part }));
    this.#saved = saved.catch(() => undefined);
    return saved;
  }

  async #save(identity: Identity): Promise<void> {
    await saveIdentity(this.#state_dir, identity);
    this.#identity = identity;
  }
}
