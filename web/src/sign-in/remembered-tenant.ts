const KEY = 'countersign-tenant';

/** The organisation that this browser signed in to last; empty for none. It is a name for the address, no secret. */
export function rememberedTenant(): string {
  return window.localStorage.getItem(KEY) ?? '';
}

export function rememberTenant(slug: string): void {
  window.localStorage.setItem(KEY, slug);
}
