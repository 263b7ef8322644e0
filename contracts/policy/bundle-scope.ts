/** The scope that a tenant's bundle is signed for and served under. Publisher and decision points must agree on it. */
export function bundleScope(tenantId: string): string {
  return tenantId;
}
