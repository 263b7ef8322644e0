import type { OpaConfig } from './config.ts';

/** What every way of installing is told. */
export interface InstallRequest {
  readonly version: string;
  /** The folder that `opa` shall be in. */
  readonly folder: string;
  readonly config: OpaConfig;
  readonly progress: (line: string) => void;
  readonly release_base_url?: string | undefined;
}

export type Installed = { readonly path: string } | { readonly failed: string };
