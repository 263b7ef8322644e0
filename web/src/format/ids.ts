/** `run_01k3…x7q2`: the prefix with the first four and the last four letters. Digests keep their algorithm. Short ones stay whole. */
export function shortenId(id: string): string {
  const [, prefix = '', rest = id] = /^([a-z0-9]+[_:])?(.*)$/s.exec(id) ?? [];
  return rest.length <= 12 ? id : `${prefix}${rest.slice(0, 4)}…${rest.slice(-4)}`;
}

/** `sha256:` and the first twelve hex digits, which is what a person can compare by eye. */
export function digestPrefix(digest: string): string {
  const [, algorithm = '', hex = digest] = /^([a-z0-9]+:)?(.*)$/.exec(digest) ?? [];
  return `${algorithm}${hex.slice(0, 12)}`;
}
