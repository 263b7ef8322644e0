import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { policyDraftsQuery, policyVersionsQuery } from '../api/policy-queries.ts';
import { shortenId } from '../format/ids.ts';
import { formatRelative } from '../format/time.ts';
import type { Layer, Opened } from './policy-layer.ts';

interface Props {
  layer: Layer;
  draftId: string | null;
  version: number | null;
  unsaved: boolean;
  onOpen: (opened: Opened) => void;
}

/** Begin with a published version, or go on with a draft. */
export function OpenSelect({ layer, draftId, version, unsaved, onOpen }: Props) {
  const versions = useQuery(policyVersionsQuery(layer.layer));
  const drafts = useQuery(policyDraftsQuery(layer.layer));
  const now_ms = Date.now();
  const value = draftId !== null ? `draft ${draftId}` : version !== null ? `version ${version}` : '';
  const known = drafts.data?.items ?? [];
  return (
    <NativeSelect
      label="Opened"
      value={value}
      onChange={(event) => {
        const [kind, id = ''] = event.currentTarget.value.split(' ');
        if (unsaved && !window.confirm('What you wrote since the last check would be lost. Open it all the same?')) return;
        onOpen(kind === 'draft' ? { draftId: id, version: null } : { draftId: null, version: Number(id) || null });
      }}
    >
      {layer.newest === null ? <option value="">A rule to begin with</option> : null}
      <optgroup label="Versions">
        {(versions.data?.items ?? []).map((one) => <option key={one.version} value={`version ${one.version}`}>Version {one.version}: {one.message.slice(0, 40)}</option>)}
      </optgroup>
      <optgroup label="Drafts">
        {draftId === null || known.some(({ id }) => id === draftId) ? null : <option value={`draft ${draftId}`}>{shortenId(draftId)}</option>}
        {known.map((one) => <option key={one.id} value={`draft ${one.id}`}>{formatRelative(one.created_at, now_ms)}{one.valid ? '' : ', not valid'} ({shortenId(one.id)})</option>)}
      </optgroup>
    </NativeSelect>
  );
}
