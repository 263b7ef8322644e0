import type { BundledParts, BundledPackage } from './parts.ts';

/** The Node that a binary is made of. */
export interface Runtime {
  readonly version: string;
  /** Of its file before anything was put into it; 64 hex digits. */
  readonly sha256: string;
  /** `process.versions`: what it is made of itself. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * What the binary is made of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json): packages of npm with their licences and the digests that npm checked,
 * Node with what is in it, and who needs whom. Without a serial number and a time, so that two builds say the same.
 */
export function billOfMaterials(agent_version: string, { packages }: BundledParts, runtime: Runtime): string {
  const root = `pkg:generic/countersign-agent@${agent_version}`;
  const node = `pkg:generic/node@${runtime.version}`;
  return `${JSON.stringify({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { 'bom-ref': root, type: 'application', name: 'countersign-agent', version: agent_version, purl: root, licenses: [{ license: { id: 'Apache-2.0' } }] } },
    components: [...packages.map(componentOf), {
      'bom-ref': node, type: 'platform', name: 'node', version: runtime.version, purl: node, licenses: [{ license: { id: 'MIT' } }], hashes: [{ alg: 'SHA-256', content: runtime.sha256 }],
      components: partsOfNode(runtime),
    }],
    dependencies: [
      { ref: root, dependsOn: [...packages.filter(({ pulledInBy }) => pulledInBy.some((from) => isOurs(from, packages))).map(refOf), node] },
      ...packages.map((dependency) => ({ ref: refOf(dependency), dependsOn: packages.filter(({ pulledInBy }) => pulledInBy.includes(`${dependency.name}@${dependency.version}`)).map(refOf) })),
    ],
  }, null, 2)}\n`;
}

function componentOf(dependency: BundledPackage): object {
  const { name, version, license, integrity } = dependency;
  return {
    'bom-ref': refOf(dependency), type: 'library', name, version, purl: refOf(dependency),
    ...(license === null ? {} : { licenses: [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }] }),
    ...(integrity?.startsWith('sha512-') === true ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') }] } : {}),
  };
}

function partsOfNode({ versions }: Runtime): object[] {
  return Object.keys(versions).toSorted().filter((name) => name !== 'node' && /\d\./.test(versions[name]!))
    .map((name) => ({ 'bom-ref': `node/${name}@${versions[name]!}`, type: 'library', name, version: versions[name] }));
}

function isOurs(from: string, packages: readonly BundledPackage[]): boolean {
  return !packages.some(({ name, version }) => `${name}@${version}` === from);
}

/** https://github.com/package-url/purl-spec: the scope's `@` is escaped. */
function refOf({ name, version }: BundledPackage): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}
