/** A name for one wish, so that asking twice does it once. (`crypto.randomUUID` is only there over HTTPS and on localhost.) */
export function newIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
