import { canonicalText, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { structuredFile } from '@countersign/platform/opa/bundle/contents.ts';
import { BundleError } from '@countersign/platform/opa/bundle/errors.ts';

/** A request is at most 1 MiB; what its canonical form adds is far less than that. */
const MAX_SOURCE_BYTES = 2 * 1024 * 1024;
/** With the name of its layer before it, a path fits the 100 characters of an archive's entry. */
const PATH = /^(?:[a-z0-9_][a-z0-9_-]{0,30}\/){0,3}[a-z0-9_][a-z0-9_-]{0,60}\.rego$/;
const MAX_PATH_LENGTH = 80;

/** What a layer is written in. Digests are of its canonical JSON. */
export interface LayerSource {
  /** Rego by path. */
  readonly files: Readonly<Record<string, string>>;
  /** What the sources find under data.countersign.config.<layer>. */
  readonly data: { readonly [key: string]: JsonValue };
  /** Of the tenant's layer; null of the others. */
  readonly packs: readonly string[] | null;
}

/** The bytes that are stored and hashed. */
export function sourceText(source: LayerSource): string {
  return canonicalText(source, MAX_SOURCE_BYTES);
}

export function sourceDigest(text: string): string {
  return digestOfBytes(text);
}

export function readSource(text: string | Uint8Array): LayerSource {
  return parseCanonical(typeof text === 'string' ? Buffer.from(text, 'utf8') : text, MAX_SOURCE_BYTES) as unknown as LayerSource;
}

export function isTestFile(path: string): boolean {
  return path.endsWith('_test.rego');
}

/** @throws ApiError `request_invalid` naming each path that is none */
export function refuseBadPaths(files: Readonly<Record<string, string>>): void {
  const errors = Object.keys(files).filter((path) => path.length > MAX_PATH_LENGTH || !PATH.test(path)).map((path): FieldProblem => ({
    field: `/files/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`, code: 'path_invalid',
    message: `Use lower-case letters, digits, "_" and "-", at most three folders, ${MAX_PATH_LENGTH} characters and the ending .rego, such as lists/vip.rego.`,
  }));
  if (errors.length > 0) throw new ApiError('request_invalid', 'A path is not one that a bundle can hold.', { errors });
}

/** What OPA and we would hash differently cannot be signed. @throws ApiError `request_invalid` */
export function refuseBadData(data: unknown): void {
  try {
    structuredFile('data', data);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new ApiError('request_invalid', 'The data is not such that a bundle can hold it.', { errors: [{ field: '/data', code: 'data_invalid', message: `${error.message}.` }] });
  }
}
