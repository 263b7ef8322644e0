import schema from '@countersign/contracts/agent/release.schema.json' with { type: 'json' };
import { RELEASE_PAYLOAD } from '@countersign/contracts/agent/release.ts';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';
import { SUPPORTED_PROTOCOLS } from '@countersign/contracts/agent/protocol.ts';
import type { UpgradeOffer } from '@countersign/contracts/agent/protocol.ts';
import type { PublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import { isSignedBy, openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import type { HeldKeys } from '../orders/held-keys.ts';
import { statementReader } from '../orders/statement.ts';
import { UpgradeError } from './errors.ts';
import { isOlder } from './version-order.ts';

export interface ReleaseTrust {
  /** One of the tenant's keys for releases must have signed: an administrator let this pool have it. */
  readonly keys: Pick<HeldKeys, 'hold'>;
  /** Whoever published what runs now must have signed as well, so that a cell that was taken over cannot bring code of its own; null: built without such a key. */
  readonly publisher: PublisherJwk | null;
  /** What runs now. */
  readonly version: string;
  readonly platform: string;
}

const readRelease = statementReader<AgentRelease>(schema);

/**
 * Looks at everything that can be looked at before a byte of the release is here.
 * @throws UpgradeError `release_untrusted`, `release_unsuitable`
 */
export function verifyRelease(offer: UpgradeOffer, { keys, publisher, version, platform }: ReleaseTrust): AgentRelease {
  const opened = openedEnvelope(offer.signature, RELEASE_PAYLOAD);
  if (opened === undefined) throw new UpgradeError('release_untrusted', 'The signature of the release is no envelope of its kind.');
  const { payload, signatures } = opened;
  if (!keys.hold('agent_release', RELEASE_PAYLOAD, payload, signatures)) throw new UpgradeError('release_untrusted', 'No key for releases that this agent holds has signed the release.');
  if (publisher !== null && !signatures.some(({ signature }) => isSignedBy({ ...publisher }, RELEASE_PAYLOAD, payload, signature))) {
    throw new UpgradeError('release_untrusted', 'Whoever published the agent that runs here has not signed the release. Where the publisher has changed, install the new file by hand.');
  }
  const release = readRelease(payload);
  if (release === undefined) throw new UpgradeError('release_untrusted', 'What was signed says nothing that is known of a release.');
  if (release.version !== offer.version || release.sha256 !== offer.sha256 || release.size_bytes !== offer.size_bytes) throw new UpgradeError('release_untrusted', 'What is offered is not what was signed.');
  assertSuitable(release, version, platform);
  return release;
}

function assertSuitable(release: AgentRelease, version: string, platform: string): void {
  if (release.platform !== platform) throw new UpgradeError('release_unsuitable', `The release is for ${release.platform}; this is ${platform}.`);
  // What was mended must not come back because somebody offers what was signed long ago.
  if (isOlder(release.version, version)) throw new UpgradeError('release_unsuitable', `The release is ${release.version}, and ${version} runs. An older one is installed by hand.`);
  if (!SUPPORTED_PROTOCOLS.includes(release.protocol) && release.protocol < Math.min(...SUPPORTED_PROTOCOLS)) throw new UpgradeError('release_unsuitable', `The release speaks protocol ${release.protocol}, which is over.`);
}
