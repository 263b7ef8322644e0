/** `enforce` decides; `shadow` decides beside it, is recorded, and never binds. */
export const BUNDLE_MODES = ['enforce', 'shadow'] as const;
export type BundleMode = (typeof BUNDLE_MODES)[number];

/**
 * The scope that an environment's bundle is signed for and served under. Publisher and decision points must agree on it. An id names one
 * environment of one tenant, and the tenant is a claim of its own, so that the scope need not repeat it.
 */
export function bundleScope(environmentId: string, mode: BundleMode = 'enforce'): string {
  return mode === 'enforce' ? environmentId : `${environmentId}.shadow`;
}

/** What a scope names; null for what is none. */
export function readBundleScope(scope: string): { environmentId: string; mode: BundleMode } | null {
  const [environmentId, mode, ...more] = scope.split('.');
  if (environmentId === undefined || !environmentId.startsWith('env_') || more.length > 0) return null;
  if (mode === undefined) return { environmentId, mode: 'enforce' };
  return mode === 'shadow' ? { environmentId, mode } : null;
}
