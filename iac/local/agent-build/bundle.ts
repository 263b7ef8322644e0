import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { Metafile, Plugin } from 'esbuild';
import { ROOT } from '../config.ts';
import { AgentBuildError } from './errors.ts';

export interface Bundle {
  /** CommonJS: one file that needs Node and nothing else. */
  readonly code: string;
  /** What is in it and which file imports which, by paths from the root. */
  readonly metafile: Metafile;
}

/** What no machine of a customer needs: it would be code that can be attacked and is never used. */
const FOREIGN = /^(?:control-plane|execution-plane|global-router|witness|web|cli)\/|^node_modules\/(?:pg|knex|express|@aws-sdk|@slack|ioredis|prom-client|@opentelemetry|@marcbachmann)\//;
/** Files that look for others beside themselves, and what stands for them where there is but one file. */
const WITHIN = new Map(['connectors/sdk/read-package.ts', 'platform/opa/pool/start-thread.ts']
  .map((file) => [path.join(ROOT, file), path.join(ROOT, 'iac/local/agent-build/in-binary', path.basename(file))]));
/** Flags in the environment are for whoever develops with Node: `NODE_TLS_REJECT_UNAUTHORIZED=0` there must not make an agent believe anybody. */
const BANNER = `for (const name of Object.keys(process.env)) if (name.startsWith('NODE_')) delete process.env[name];`;
/** undici's own entry loads all of it, 270 kB and 6 MB of memory more than the egress uses. */
const UNDICI = `export { default as Client } from 'undici/lib/dispatcher/client.js'; export { default as Pool } from 'undici/lib/dispatcher/pool.js';`;

/**
 * @param entry path from the root
 * @param version what the agent calls itself, in place of what its package.json says
 * @throws AgentBuildError
 */
export async function bundle(entry: string, version?: string): Promise<Bundle> {
  const { metafile, outputFiles, warnings } = await build({
    entryPoints: [entry], bundle: true, platform: 'node', target: 'node24', format: 'cjs', write: false, metafile: true, legalComments: 'inline', logLevel: 'silent',
    // Names stay, so that a stack can be read; 2 MB of memory are saved.
    minifyWhitespace: true, minifySyntax: true,
    absWorkingDir: ROOT, plugins: [withinOneFile(version)], banner: { js: BANNER }, outfile: `${path.basename(entry, '.ts')}.cjs`,
  }).catch((cause: Error) => {
    throw new AgentBuildError('bundle_failed', cause.message, { cause });
  });
  if (warnings.length > 0) throw new AgentBuildError('bundle_failed', warnings.map(({ text, location }) => `${location?.file}:${location?.line} ${text}`).join('\n'));
  const foreign = Object.keys(metafile.inputs).filter((input) => FOREIGN.test(input));
  if (foreign.length > 0) throw new AgentBuildError('bundle_has_foreign_parts', `The agent must not contain ${foreign.join(', ')}. \`node iac/local/agent-build/write-deps.ts\` shows who imports what.`);
  return { code: outputFiles[0]!.text, metafile };
}

const withinOneFile = (version: string | undefined): Plugin => ({
  name: 'within-one-file',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'part-of' }));
    onLoad({ filter: /^undici$/, namespace: 'part-of' }, () => ({ contents: UNDICI, resolveDir: path.join(ROOT, 'platform/egress') }));
    if (version !== undefined) onLoad({ filter: /\/agent\/package\.json$/ }, () => ({ loader: 'json', contents: JSON.stringify({ version }) }));
    onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path: file }) => ({ loader: 'ts', contents: addressed(file, await readFile(WITHIN.get(file) ?? file, 'utf8')) }));
  },
});

/** A file of the bundle has the address that it has in the repository, so that none of this machine gets into it. */
function addressed(file: string, text: string): string {
  return text.replaceAll('import.meta.url', JSON.stringify(`file:///${path.relative(ROOT, file)}`));
}
