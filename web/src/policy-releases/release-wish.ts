import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { given } from '../states/role-permission.ts';
import type { Permission } from '../states/permission.ts';

type Schemas = components['schemas'];
type Overview = Schemas['PolicyOverview'];
export type Environment = Overview['environments'][number];
export type Layer = Overview['layers'][number];
type ReleaseSummary = Schemas['PolicyReleaseSummary'];

/** What is to be put in force. */
export type ReleaseWish =
  | { kind: 'release'; layer: Layer; version: number }
  | { kind: 'promote'; environment: Environment }
  /** To what an older release had, or (null) to what is shipped. */
  | { kind: 'rollback'; environment: Environment; to: ReleaseSummary | null };

/** The environments that a wish can go to. One that the version did not pass through yet is refused by the server, with the name of the one before. */
export function targetsOf(wish: ReleaseWish, environments: readonly Environment[]): Environment[] {
  if (wish.kind !== 'release') return [wish.environment];
  return wish.layer.kind === 'environment' ? environments.filter(({ environment_id }) => environment_id === wish.layer.layer) : [...environments];
}

/** The environment before, by the order of promotion; undefined for the first. */
export function environmentBefore(environment: Environment, environments: readonly Environment[]): Environment | undefined {
  return environments.filter(({ ordinal }) => ordinal < environment.ordinal).toSorted((one, other) => other.ordinal - one.ordinal)[0];
}

export function environmentAfter(environment: Environment, environments: readonly Environment[]): Environment | undefined {
  return environments.filter(({ ordinal }) => ordinal > environment.ordinal).toSorted((one, other) => one.ordinal - other.ordinal)[0];
}

/** Whether the versions of the environment before can be put in `environment`. */
export function mayPromote(environment: Environment, environments: readonly Environment[]): Permission {
  const before = environmentBefore(environment, environments);
  if (before === undefined) return { allowed: false, because: `Nothing comes before ${environment.environment}: release a layer's version there.` };
  if (before.enforce === null) return { allowed: false, because: `Nothing is released in ${before.environment} yet; what is shipped is in force there.` };
  const { tenant, workspace, packs } = before.enforce.stack;
  const here = environment.enforce?.stack;
  const same = here !== undefined && here.tenant === tenant && here.workspace === workspace && String(here.packs) === String(packs);
  return given(!same, `${environment.environment} has the versions of ${before.environment} already.`);
}

/** Whether what a release had can be put in force again. */
export function mayRollBack(release: ReleaseSummary, environment: Environment | undefined): Permission {
  if (environment === undefined) return { allowed: false, because: 'Its environment is not one of this workspace any more.' };
  if (release.released_at === null) return { allowed: false, because: 'It was never released, so there is nothing to go back to.' };
  if (release.mode === 'shadow') return { allowed: false, because: 'It decided beside only. Release its version to put it in force.' };
  return given(environment.enforce?.id !== release.id, 'It is in force.');
}

/** The body of the request. */
export function bodyOf(wish: ReleaseWish, choice: { environmentId: string; mode: Schemas['PolicyMode']; replayId: string; reason: string }): Schemas['NewPolicyRelease'] {
  const { environmentId, mode, replayId, reason } = choice;
  return {
    environment_id: environmentId, kind: wish.kind, mode, reason: reason.trim(),
    ...(wish.kind === 'release' ? { layer: wish.layer.layer, version: wish.version } : {}),
    ...(wish.kind === 'rollback' ? { to_release_id: wish.to?.id ?? null } : {}),
    ...(replayId.trim() === '' || mode === 'shadow' ? {} : { replay_id: replayId.trim() }),
  };
}
