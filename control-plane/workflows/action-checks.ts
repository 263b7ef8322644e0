import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { SchemaChecks } from '../connectors/schema-checks.ts';
import type { AttachedFile } from './workflow-files.ts';
import type { YamlSource } from './yaml-source.ts';

/** The newest published manifest of every connector, by its name. */
export type Manifests = ReadonlyMap<string, { readonly manifest: ConnectorManifest; readonly digest: string }>;

export interface ActionChecks {
  readonly manifests: Manifests;
  readonly checks: SchemaChecks;
  readonly source: YamlSource;
  /** What came along with the workflow, by path. */
  readonly files: ReadonlyMap<string, AttachedFile>;
}
