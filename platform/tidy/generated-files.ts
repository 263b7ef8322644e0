/** A file that a command makes, and how to see whether it still would make the same. */
export interface GeneratedFile {
  /** What is written, by path from the root. */
  file: string;
  /** Writes it. Commands run in the root, with `node_modules/.bin` on PATH. */
  command: readonly [string, ...string[]];
  /** Ends with an exit code other than 0 when the file differs from what `command` would write. Writes nothing. */
  check: readonly [string, ...string[]];
  /** The check needs `opa`, which npm does not bring. */
  needsOpa?: boolean;
}

const OPENAPI_TYPES = ['openapi-typescript', 'contracts/openapi/openapi.yaml', '-o', 'contracts/openapi/api.generated.ts'] as const;

/** Every generated file that is committed. `npm run generate` writes them, the tests of this folder check them. */
export const GENERATED_FILES: readonly GeneratedFile[] = [
  { file: 'contracts/openapi/api.generated.ts', command: OPENAPI_TYPES, check: [...OPENAPI_TYPES, '--check'] },
  {
    file: 'docs/reference/errors.md',
    command: ['node', 'platform/tidy/write-error-reference.ts'],
    check: ['node', 'platform/tidy/write-error-reference.ts', '--check'],
  },
];
