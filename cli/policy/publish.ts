import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ApiClient } from '../api-client.ts';
import type { Refusal } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, say } from '../output.ts';
import { readFolder } from './folder.ts';
import { findPlace, makeDraft } from './place.ts';
import type { Place } from './place.ts';
import { problemsText, testsText } from './show-report.ts';
import { unifiedDiff } from './text-diff.ts';

type Draft = components['schemas']['PolicyDraft'];
type Release = components['schemas']['PolicyRelease'];

const SIGNED_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 500;

export interface PublishOptions {
  readonly environment: string;
  readonly message: string;
  readonly reason?: string;
  readonly shadow?: boolean;
  readonly replay?: string;
  readonly json?: boolean;
}

/** Draft, version, release: what the folder says decides in the environment once this is done. Exit code 1 where it is not good or is refused. */
export async function publish(folder: string, options: PublishOptions): Promise<void> {
  const policy = await readFolder(folder);
  const api = new ApiClient(readConfig());
  const place = await findPlace(api, policy.layer, options.environment);
  const draft = await makeDraft(api, policy, place);
  const shown = { folder, layer: policy.layer };
  if (!draft.valid) {
    process.exitCode = 1;
    if (options.json === true) return printJson({ draft });
    process.stdout.write(`${problemsText(draft.report, shown)}\n`);
    return say(`Not published: ${policy.layer} does not compile on what ${options.environment} has.`);
  }
  if (options.json !== true) process.stdout.write(`${testsText({ tests: draft.report.tests, coverage: null }, shown)}\n`);
  const version = await versionOf(api, place, draft, options.message);
  const release = await signed(api, await putInForce(api, place, version, options));
  if (options.json === true) return printJson({ draft_id: draft.id, layer: place.layer, version, release });
  process.stdout.write(`${release === null ? 'Nothing to do' : releaseText(release, policy.layer, version)}\n`);
}

/** The newest version where it has the same content: what shadow has shown is released as it is, and not as another version. */
async function versionOf(api: ApiClient, { layer, newest }: Place, draft: Draft, message: string): Promise<number> {
  if (newest?.digest === draft.digest) {
    say(`Version ${newest.version} has this content already.`);
    return newest.version;
  }
  const { version } = await api.publishPolicyVersion(layer, { draft_id: draft.id, message });
  say(`Version ${version} published.`);
  return version;
}

/** null where the environment has exactly this already. */
async function putInForce(api: ApiClient, { layer, environment }: Place, version: number, options: PublishOptions): Promise<Release | null> {
  try {
    return await api.releasePolicy({
      environment_id: environment.environment_id, mode: options.shadow === true ? 'shadow' : 'enforce', kind: 'release', layer, version,
      reason: options.reason ?? options.message, ...(options.replay === undefined ? {} : { replay_id: options.replay }),
    });
  } catch (error) {
    if (!(error instanceof CliError) || (error.cause as Refusal | undefined)?.code !== 'policy_release_unchanged') throw error;
    say(error.message);
    return null;
  }
}

/** Waits until there is a signed bundle of it, which decision points look for by themselves. */
async function signed(api: ApiClient, released: Release | null): Promise<Release | null> {
  let release = released;
  const deadline = Date.now() + SIGNED_WITHIN_MS;
  while (release !== null && release.bundle === null) {
    if (Date.now() > deadline) throw new CliError('request_refused', `${release.id} is released, and no bundle of it was signed within ${SIGNED_WITHIN_MS / 1000} s. See: countersign policy publish --help, and the log of the control plane.`);
    await new Promise((resolve) => { setTimeout(resolve, ASK_EVERY_MS); });
    release = await api.policyRelease(release.id);
  }
  return release;
}

function releaseText({ environment, mode, number, id, bundle, diff }: Release, layer: string, version: number): string {
  const changes = diff.map(({ path, before, after }) => unifiedDiff(path, before, after)).filter((text) => text !== '');
  const what = mode === 'enforce' ? `${environment} enforces ${layer} ${version}` : `${environment} asks ${layer} ${version} in shadow: it is recorded and binds nothing`;
  return [...changes, `Released. ${what} (release ${number}, ${id}).`, `Signed as ${bundle?.revision} with seq ${bundle?.seq}, valid until ${bundle?.expires_at}.`].join('\n');
}
