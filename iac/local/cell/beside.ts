import type { CellOptions } from '../config.ts';
import type { CellApi } from './cell-api.ts';
import type { CellProcess, Ready } from './child-process.ts';
import type { DataFolder } from './data-folder.ts';
import { startProviderBeside } from './provider-beside.ts';
import { startWitnessBeside } from './witness-beside.ts';

interface BesideInput {
  readonly options: Pick<CellOptions, 'witness' | 'oidc'>;
  readonly api: CellApi;
  readonly folder: DataFolder;
  readonly tenantId: string;
  readonly common: { readonly logsDir: string; readonly verbose: boolean; readonly say: (line: string) => void };
  readonly begin: (process: CellProcess) => Promise<Ready>;
}

/** Starts what a customer has beside the cell: a witness of its audit, an identity provider. What was started once is registered, and started from then on. */
export async function startBeside({ options, ...input }: BesideInput): Promise<CellProcess[]> {
  const had = async (name: string): Promise<boolean> => await input.folder.readKept<{ port: number }>(name, ['port']) !== undefined;
  return [
    ...(options.witness === true || await had('witness') ? [await startWitnessBeside(input)] : []),
    ...(options.oidc === true || await had('oidc') ? [await startProviderBeside(input)] : []),
  ];
}
