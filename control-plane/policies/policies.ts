import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import { readBundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import type { BundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import type { CompilePolicy } from '@countersign/platform/opa/compile/compile-options.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { OpaFinder } from '@countersign/platform/opa/opa-finder.ts';
import type { Notifier } from '../live/notifier.ts';
import { BundleApi } from './bundle-api.ts';
import { BundleContents } from './bundle-contents.ts';
import { BundlePublisher } from './bundle-publisher.ts';
import { BundleWaiters } from './bundle-waiters.ts';
import { readPlatformSources } from './platform-sources.ts';
import type { PlatformSources } from './platform-sources.ts';
import { PolicyCompiler } from './policy-compiler.ts';
import { PolicyDrafts } from './policy-drafts.ts';
import { PolicyGates } from './policy-gates.ts';
import { PolicyOverview } from './policy-overview.ts';
import { PolicyReleases } from './policy-releases.ts';
import { PolicyVersions } from './policy-versions.ts';
import { ReleaseJournal } from './release-journal.ts';
import { ReleasePreparation } from './release-preparation.ts';
import { Stacks } from './stacks.ts';
import { StacksInForce } from './stacks-in-force.ts';

export interface PoliciesParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly compile: CompilePolicy;
  /** Where OPA is, if the operator says; its cache otherwise. */
  readonly opa: string | null;
  readonly cacheFolder: string;
  readonly policiesFolder: string;
  /** The compiled set that is shipped. */
  readonly policySet: string;
  readonly inputSchema: string;
  readonly ttl_s: number;
  readonly renewal_s: number;
}

/** Policy from a draft to the signed bundle: what is written, what is in force where, and what decision points are served. */
export class Policies {
  readonly contents: BundleContents;
  readonly inForce: StacksInForce;
  readonly stacks: Stacks;
  readonly publisher: BundlePublisher;
  readonly waiters = new BundleWaiters();
  readonly bundles: BundleApi;
  readonly overview: PolicyOverview;
  readonly drafts: PolicyDrafts;
  readonly versions: PolicyVersions;
  readonly releases: PolicyReleases;
  readonly gates: PolicyGates;
  readonly #compiler: PolicyCompiler;

  private constructor(parts: PoliciesParts, shipped: BundleParts, platform: PlatformSources) {
    const opa = new OpaFinder({ configured: parts.opa, cacheFolder: parts.cacheFolder });
    const compiler = new PolicyCompiler({ ...parts, opa, platform, probes: shipped.description.probes });
    const contents = new BundleContents(parts.objects, shipped);
    const inForce = new StacksInForce(contents.shippedPacks);
    const stacks = new Stacks({ ...parts, platform, compiler, contents });
    const gates = new PolicyGates(parts);
    const publisher = new BundlePublisher({ ...parts, contents });
    const preparation = new ReleasePreparation({ ...parts, stacks, inForce, contents });
    this.#compiler = compiler;
    this.contents = contents;
    this.inForce = inForce;
    this.stacks = stacks;
    this.publisher = publisher;
    this.bundles = new BundleApi({ ...parts, contents, waiters: this.waiters });
    this.overview = new PolicyOverview({ ...parts, platform, opa, stacks, shippedPacks: contents.shippedPacks });
    this.drafts = new PolicyDrafts({ ...parts, stacks, platform, inForce });
    this.versions = new PolicyVersions(parts);
    this.releases = new PolicyReleases({ ...parts, preparation, journal: new ReleaseJournal({ ...parts, gates, inForce, publisher }) });
    this.gates = gates;
  }

  /** For good: nobody waits for a bundle any more, and nothing is compiled. */
  stop(): void {
    this.waiters.stop();
    this.#compiler.stop();
  }

  /** Reads what is shipped. */
  static async open(parts: PoliciesParts): Promise<Policies> {
    return new Policies(parts, await readBundleParts(parts.policiesFolder, parts.policySet), await readPlatformSources(parts.policiesFolder));
  }
}
