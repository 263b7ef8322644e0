import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { SchemaChecks } from '../connectors/schema-checks.ts';
import type { AttachedFile } from './workflow-files.ts';
import type { YamlSource } from './yaml-source.ts';

/** The newest published manifest of every connector, by its name. */
export type Manifests = ReadonlyMap<string, { readonly manifest: ConnectorManifest; readonly digest: string }>;

/** Name -> names of the workflows that its newest version, or an active one, starts. */
export type KnownWorkflows = ReadonlyMap<string, readonly string[]>;

export interface ActionChecks {
  readonly manifests: Manifests;
  readonly checks: SchemaChecks;
  readonly source: YamlSource;
  /** The workflows that there are, and those that each of them starts; null where nobody knows. */
  readonly workflows: KnownWorkflows | null;
  /** The names of the pools of agents in any environment of the workspace; null where nobody knows. */
  readonly pools: ReadonlySet<string> | null;
  /** What came along with the workflow, by path. */
  readonly files: ReadonlyMap<string, AttachedFile>;
}
