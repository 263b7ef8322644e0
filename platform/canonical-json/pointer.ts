/** A place in a document as the keys and indexes that lead to it, joined by RFC 6901 only when an error needs the words. */
export type Path = ReadonlyArray<string | number>;

export function jsonPointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
