import type { Environment, Layer, ReleaseWish } from '../policy-releases/release-wish.ts';
import type { Permission } from '../states/permission.ts';

/** What puts in force what the environment's shadow release decides by; null where there is none. */
export function wishOf(environment: Environment, layers: readonly Layer[]): ReleaseWish | null {
  const { shadow } = environment;
  if (shadow === null) return null;
  if (shadow.kind === 'promote') return { kind: 'promote', environment };
  const layer = layers.find((one) => one.layer === shadow.layer);
  return layer === undefined || shadow.version === null ? null : { kind: 'release', layer, version: shadow.version };
}

export function maySwitch(environment: Environment | undefined, wish: ReleaseWish | null): Permission {
  if (environment === undefined) return { allowed: false, because: 'The environment is not one of this workspace.' };
  if (environment.shadow === null) return { allowed: false, because: 'There is no shadow release here. A rule in shadow mode binds when its source no longer says "mode": "shadow": change it in its layer.' };
  return wish === null ? { allowed: false, because: 'Its layer is not one of this workspace.' } : { allowed: true };
}
