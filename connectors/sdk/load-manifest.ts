import { Ajv2020 } from 'ajv/dist/2020.js';
import { LineCounter, parseDocument } from 'yaml';
import manifestSchema from '@countersign/contracts/connectors/manifest.schema.json' with { type: 'json' };
import type { ActionManifest, ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { compileAlone } from '@countersign/platform/json-schema/compile-alone.ts';
import { packageDigest } from '@countersign/contracts/connectors/package/package.ts';
import type { PackageFile } from '@countersign/contracts/connectors/package/package.ts';
import { lineOfProblem, manifestProblems } from './manifest-problems.ts';
import { readPackage } from './read-package.ts';
import { schemaAt } from '@countersign/contracts/connectors/schema-pointer.ts';

/** A manifest that cannot be used. Each problem names the key and what it takes. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'manifest_invalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The connector manifest is not valid: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

export interface LoadedManifest {
  readonly manifest: ConnectorManifest;
  /** SHA-256 of the manifest's canonical JSON, `sha256:<hex>`: what instances are pinned to. */
  readonly manifestDigest: string;
}

export interface LoadedPackage extends LoadedManifest {
  /** Digest of everything that runs of the package in whose folder the manifest is. */
  readonly packageDigest: string;
  readonly packageFiles: readonly PackageFile[];
}

const validate = new Ajv2020({ allErrors: true, strict: false }).compile<ConnectorManifest>(manifestSchema);
const compile = compileAlone({ strict: false });

/**
 * Reads a package's `manifest.yaml`, and what its code is.
 * @param shared folders of code that shipped packages share; what is packed has none
 * @throws ManifestError, PackageFolderError
 */
export function loadManifest(file: URL, shared: readonly URL[] = []): LoadedPackage {
  const { manifest, files } = readPackage(file, shared);
  return { ...parseManifest(manifest), packageDigest: packageDigest(files), packageFiles: files };
}

/** A manifest's text. Problems name the key and the line. @throws ManifestError */
export function parseManifest(text: string): LoadedManifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: true, lineCounter: lines });
  if (document.errors.length > 0) throw new ManifestError(document.errors.map((error) => error.message));
  try {
    // Aliases are a way to make a small file large; a manifest has no need of them.
    return checkManifest(document.toJS({ maxAliasCount: 0 }));
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new ManifestError(error.problems.map((problem) => `line ${lineOfProblem(document, lines, problem)}: ${problem}`));
  }
}

/** Checks a manifest against its contract, and what the contract's schema cannot say. @throws ManifestError */
export function checkManifest(value: unknown): LoadedManifest {
  if (!validate(value)) {
    throw new ManifestError(manifestProblems(validate.errors ?? []));
  }
  const problems = Object.entries(value.actions).flatMap(([name, action]) => actionProblems(action).map((problem) => `/actions/${name}${problem.startsWith('/') ? '' : ' '}${problem}`));
  if (problems.length > 0) throw new ManifestError(problems);
  return { manifest: value, manifestDigest: digestOf(value) };
}

function actionProblems(action: ActionManifest): string[] {
  const problems = [...schemaProblems('parameters', action.parameters), ...schemaProblems('output', action.output)];
  if ((action.risk === 'read' || action.risk === 'model') && action.reconcile) problems.push('has nothing to reconcile: it changes nothing outside');
  for (const [list, pointers] of [['sensitive_parameters', action.sensitive_parameters], ['local_parameters', action.local_parameters ?? []], ['content_parameters', action.content_parameters]] as const) {
    for (const pointer of pointers) {
      const [, name = ''] = pointer.split('/');
      if (!isDeclared(action.parameters, name)) problems.push(`names ${pointer} in ${list}, which its parameters do not declare`);
    }
  }
  if (action.local_parameters !== undefined && action.risk !== 'read') problems.push('has `local_parameters`, which only a read can have');
  for (const pointer of action.redact) {
    if (problems.length === 0 && schemaAt(action.output, pointer) === null) problems.push(`/redact names ${pointer}, which its output does not declare; mend the pointer (\`-\` stands for every element of a list)`);
  }
  return problems;
}

function schemaProblems(name: string, schema: object): string[] {
  try {
    compile(schema);
    return [];
  } catch (error) {
    return [`${name} is no JSON Schema: ${error instanceof Error ? error.message : 'unknown problem'}`];
  }
}

function isDeclared(schema: ActionManifest['parameters'], name: string): boolean {
  const properties = schema['properties'];
  return typeof properties === 'object' && properties !== null && Object.hasOwn(properties, name);
}
