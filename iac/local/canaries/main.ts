import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CanaryCell } from './canary-cell.ts';
import { CanaryError } from './errors.ts';
import { Canaries } from './names.ts';
import { EchoingPeer } from './peer.ts';
import { placesOf } from './places.ts';
import { RecordedApi } from './recorded-api.ts';
import { countEvidence } from './repository-dump.ts';
import { search } from './search.ts';
import type { Found } from './search.ts';
import { sow } from './sow.ts';
import { VARIANTS } from './variants.ts';

const USAGE = `Usage: npm run canaries -- [--json] [--keep]

Pushes 41 secrets through the inputs of a cell of its own, by every way in, and looks for them in everything that it leaves: logs, database, answers,
objects and evidence, traces, metrics, arguments and environment of its processes; each raw and encoded. Ends with 0 when none is found, and what was put
there to be found is. --keep leaves the cell's files.`;
/** Where the one that is no secret must be found, or the search finds nothing. */
const PLANTED_IN = ['logs', 'database', 'environ'];
const EVIDENCE_WITHIN_MS = 60_000;

/** `npm run canaries` */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const canaries = new Canaries();
  const planted = { name: 'planted', value: `cnry${randomBytes(16).toString('hex')}` };
  const peer = new EchoingPeer({ access: canaries.value('access token of a peer'), refreshedAccess: canaries.value('refreshed access token of a peer'), rotatedRefresh: canaries.value('rotated refresh token of a peer') });
  const peerUrl = await peer.start();
  const cell = await CanaryCell.open({ env: { bearer: canaries.value('secret in the environment') }, files: { bearer: canaries.value('secret in a file') }, worker: planted.value });
  try {
    const api = new RecordedApi(cell.url, cell.apiKey);
    await sow({ cell, api, peer, peerUrl, secret: (name) => canaries.value(name) });
    const evidence = await untilEvidence(cell);
    const places = await placesOf(cell, api);
    const found = search(canaries.all, places).filter((one) => !isGivenOnPurpose(one));
    const plantedIn = new Set<string>(search([planted], places).map(({ place }) => place));
    const missed = PLANTED_IN.filter((kind) => !plantedIn.has(kind));
    const report = { canaries: canaries.all.length, variants: VARIANTS, places: counted(places.map(({ kind }) => kind)), evidence, unsown: canaries.unsown, found: found.length, planted_found_in: [...plantedIn].toSorted(), planted_missed_in: missed, findings: found };
    process.stdout.write(`${JSON.stringify(report, null, options.json ? 0 : 2)}\n`);
    return found.length === 0 && missed.length === 0 && canaries.unsown.length === 0 ? 0 : 1;
  } finally {
    await cell.close(options.keep);
    await peer.stop();
  }
}

/** The environment of a process holds what was put into it for that. */
function isGivenOnPurpose({ canary, place }: Found): boolean {
  return canary === 'secret in the environment' && place === 'environ';
}

/** Bundles are built when their runs are sealed; they are places to look. */
async function untilEvidence(cell: CanaryCell): Promise<number> {
  const url = cell.scratch.url();
  let [last, bundles] = [-1, 0];
  for (const deadline_ms = performance.now() + EVIDENCE_WITHIN_MS; performance.now() < deadline_ms && (bundles === 0 || bundles !== last); await pause(2_000)) [last, bundles] = [bundles, await countEvidence(url)];
  return bundles;
}

function counted(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Null asks for the usage. @throws CanaryError `arguments_invalid` */
function readArguments(args: string[]): { readonly json: boolean; readonly keep: boolean } | null {
  try {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } } });
    return values.help === true ? null : { json: values.json === true, keep: values.keep === true };
  } catch (error) {
    throw new CanaryError('arguments_invalid', error instanceof Error ? error.message : String(error));
  }
}

process.exit(await main().catch((error: unknown) => {
  if (!(error instanceof CanaryError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
}));
