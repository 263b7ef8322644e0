import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import { EvidencePackageError } from './errors.ts';
import type { ContentParts, PackageContents } from './package-contents.ts';
import { jsonFile } from './plain-json.ts';
import type { PackageRow } from './queries.ts';
import { eventsOfRelease, firstBundle, releaseContent, releaseVersions, replayReport } from './repository-contents.ts';
import type { EventTextRow, ReleaseContentRow } from './repository-contents.ts';

interface VersionRow {
  readonly layer: string;
  readonly version: number;
  readonly digest: string;
  readonly draft_id: string;
  readonly published_by: string;
}

/** One policy release: what was put in force where and by whom, the versions by digest, what differed, and what the replay and the gate said. Reasons stay out: people typed them. */
export async function policyReleaseContents({ database, objects }: ContentParts, tenantId: string, { workspace_id, subject_id }: PackageRow): Promise<PackageContents> {
  const read = await database.forTenant(tenantId, async (tx) => {
    const release = await tx.maybeOne<ReleaseContentRow>(releaseContent, [tenantId, workspace_id, subject_id]);
    if (release === undefined) return undefined;
    const versions = await tx.rows<VersionRow>(releaseVersions, [tenantId, subject_id]);
    return {
      release, versions, replay: await tx.maybeOne<object>(replayReport, [tenantId, release.replay_id]), bundles: await tx.rows<object>(firstBundle, [tenantId, subject_id]),
      events: await tx.rows<EventTextRow>(eventsOfRelease, [tenantId, chainOf(tenantId, workspace_id), release.requested_at, subject_id, versions.map(({ draft_id }) => draft_id)]),
    };
  });
  if (read === undefined) throw new EvidencePackageError('subject_gone', `There is no policy release ${subject_id} any more.`);
  const { release: { diff_key, parts_key: _parts, ...release }, versions, replay, bundles, events } = read;
  return {
    files: new Map([
      ['release.json', jsonFile(release)], ['versions.json', jsonFile({ versions })], ['bundles.json', jsonFile({ bundles })],
      ['diff.json', jsonFile({ files: JSON.parse(Buffer.from(await objects.get(diff_key)).toString('utf8')) as unknown })],
      ...(replay === undefined ? [] : [['replay.json', jsonFile(replay)] as const]),
    ]),
    eventIds: events.map(({ id }) => id),
    claims: { state: release.state, stack_digest: release['stack_digest'], environment: release['environment'], mode: release['mode'], replay_id: release.replay_id },
    runs: 0,
    sections: [
      { heading: 'What was put in force', text: [`Release ${String(release['number'])} of ${String(release['environment'])} (${String(release['mode'])}), asked for by ${String(release['requested_by'])} at ${release.requested_at.toISOString()}: it is ${release.state}. Stack ${String(release['stack_digest'])}.`] },
      { heading: 'Versions', table: { headings: ['Layer', 'Version', 'Digest', 'Published by'], rows: versions.map(({ layer, version, digest, published_by }) => [layer, String(version), { code: digest }, { code: published_by }]), empty: 'The platform alone.' } },
      { heading: 'Gate', text: [release['gate'] === null ? 'No gate was asked.' : `The gate said: ${JSON.stringify(release['gate'])}.`, release['overridden_by'] === null ? 'Nobody overrode it.' : `${String(release['overridden_by'])} overrode it.`] },
    ],
  };
}
