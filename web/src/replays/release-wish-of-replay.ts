import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { ReleaseWish } from '../policy-releases/release-wish.ts';
import type { Permission } from '../states/permission.ts';

type Schemas = components['schemas'];
type Replay = Pick<Schemas['PolicyReplay'], 'state' | 'against' | 'report'>;

/** What releases what was replayed; `made` is the version that was published from the draft. Null where nothing can be released. */
export function wishOfReplay({ against }: Replay, { layers, environments }: Pick<Schemas['PolicyOverview'], 'layers' | 'environments'>, made: Pick<Schemas['PolicyVersionSummary'], 'layer' | 'version'> | null): ReleaseWish | null {
  const promoted = environments.find(({ environment_id }) => environment_id === against.promote_to);
  if (promoted !== undefined) return { kind: 'promote', environment: promoted };
  const version = against.version ?? made?.version;
  const layer = layers.find((one) => one.layer === (against.layer ?? made?.layer));
  return layer === undefined || version === undefined ? null : { kind: 'release', layer, version };
}

export function mayReleaseReplay({ state, against }: Replay, wish: ReleaseWish | null): Permission {
  if (state !== 'succeeded') return { allowed: false, because: `Only a replay that succeeded says something; this one is ${state}.` };
  if (wish !== null) return { allowed: true };
  if (against.draft_id !== undefined) return { allowed: false, because: 'It is of a draft. Publish a version of the draft, then release it with this replay.' };
  return { allowed: false, because: 'It is of what is or was in force already: there is nothing to release.' };
}
