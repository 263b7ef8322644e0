/** Files that one command makes, and how to see whether it still would make the same. */
export interface GeneratedFiles {
  /** What is written, by path from the root. */
  files: readonly string[];
  /** Writes them. Commands run in the root, with `node_modules/.bin` on PATH. */
  command: readonly [string, ...string[]];
  /** Ends with an exit code other than 0 when a file differs from what `command` would write. Writes nothing. */
  check: readonly [string, ...string[]];
  /** The command needs `opa`, which npm does not bring. */
  needsOpa?: boolean;
}

const OPENAPI_TYPES = ['openapi-typescript', 'contracts/openapi/openapi.yaml', '-o', 'contracts/openapi/api.generated.ts'] as const;

/** Every generated file that is committed. `npm run generate` writes them, the tests of this folder check them. */
export const GENERATED_FILES: readonly GeneratedFiles[] = [
  { files: ['contracts/openapi/api.generated.ts'], command: OPENAPI_TYPES, check: [...OPENAPI_TYPES, '--check'] },
  writtenBy('platform/tidy/write-error-reference.ts', ['docs/reference/errors.md']),
  writtenBy('platform/tidy/write-event-schema.ts', ['contracts/events/event.schema.json']),
  writtenBy('platform/tidy/write-permission-reference.ts', ['docs/reference/permissions.md']),
  writtenBy('platform/tidy/write-state-reference.ts', ['docs/reference/states.md']),
  writtenBy('policies/input-reference/write.ts', ['docs/reference/policy-input.md']),
  writtenBy('iac/local/agent-build/write-deps.ts', ['agent/deps.txt']),
  {
    ...writtenBy('policies/build.ts', [
      'policies/capabilities.json',
      ...['api', 'base-itsm', 'base-secops'].flatMap((set) => [`policies/generated/${set}/parts.json`, `policies/generated/${set}/policy.wasm`]),
    ]),
    needsOpa: true,
  },
];

/** A script of ours writes its files, and compares them with `--check`. */
function writtenBy(script: string, files: readonly string[]): GeneratedFiles {
  return { files, command: ['node', script], check: ['node', script, '--check'] };
}
