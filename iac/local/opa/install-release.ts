import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import type { Installed, InstallRequest } from './installation.ts';
import { OPA_RELEASE_SHA256 } from './version.ts';

const RELEASES = 'https://github.com/open-policy-agent/opa/releases/download';
const MAX_BYTES = 256 * 1024 * 1024;
const ASSETS: Readonly<Record<string, string>> = {
  'linux x64': 'opa_linux_amd64_static',
  'linux arm64': 'opa_linux_arm64_static',
  'darwin arm64': 'opa_darwin_arm64_static',
  'darwin x64': 'opa_darwin_amd64',
};

/** Downloads OPA's release binary, and only with a SHA-256 known beforehand: what runs here compiles what decides. */
export async function installFromRelease({ version, folder, config, progress, release_base_url }: InstallRequest): Promise<Installed> {
  const asset = ASSETS[`${process.platform} ${process.arch}`];
  if (asset === undefined) return { failed: `OPA has no release binary for ${process.platform} ${process.arch}` };
  const wanted = config.release_sha256 ?? OPA_RELEASE_SHA256[asset];
  if (wanted === undefined) return { failed: `no SHA-256 is pinned for the release binary ${asset}, so it is not downloaded` };

  const url = `${release_base_url ?? RELEASES}/v${version}/${asset}`;
  progress(`opa ${version}: downloading ${url}`);
  const download = await fetchBinary(url);
  if ('failed' in download) return download;
  const actual = createHash('sha256').update(download.bytes).digest('hex');
  if (actual !== wanted.toLowerCase()) return { failed: `${url} has the SHA-256 ${actual} instead of ${wanted}: it was not used` };

  await mkdir(folder, { recursive: true });
  const partial = join(folder, `opa.partial-${process.pid}`);
  await writeFile(partial, download.bytes, { mode: 0o755 });
  await rename(partial, join(folder, 'opa'));
  return { path: join(folder, 'opa') };
}

async function fetchBinary(url: string): Promise<{ bytes: Uint8Array } | { failed: string }> {
  try {
    const response = await axios.get<ArrayBuffer>(url, { responseType: 'arraybuffer', timeout: 300_000, maxContentLength: MAX_BYTES });
    return { bytes: new Uint8Array(response.data) };
  } catch (error) {
    return { failed: `downloading ${url} failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}
