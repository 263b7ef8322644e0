import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '../api/client.ts';
import { policyDraftQuery, policyVersionsQuery } from '../api/policy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReleaseModal } from '../policy-releases/release-modal.tsx';
import { allOf, mayCall } from '../states/role-permission.ts';
import { mayReleaseReplay, wishOfReplay } from './release-wish-of-replay.ts';

interface Props {
  replay: Schemas['PolicyReplay'];
  overview: Schemas['PolicyOverview'];
}

/** Releases what was replayed, with the replay in hand for the gate. A draft has to be published first. */
export function ReleaseWithReplay({ replay, overview }: Props) {
  const { data: me } = useQuery(meQuery);
  const [releasing, setReleasing] = useState(false);
  const draftId = replay.against.draft_id;
  const draft = useQuery({ ...policyDraftQuery(draftId ?? ''), enabled: draftId !== undefined && mayCall('getPolicyDraft', me, '').allowed });
  const versions = useQuery({ ...policyVersionsQuery(draft.data?.layer ?? ''), enabled: draft.data !== undefined });
  const made = versions.data?.items.find(({ draft_id }) => draft_id === draftId);
  const wish = wishOfReplay(replay, overview, made ?? null);
  return (
    <>
      <ReasonButton permission={allOf(mayReleaseReplay(replay, wish), mayCall('createPolicyRelease', me, 'Releasing'))} onClick={() => setReleasing(true)}>Release with this replay</ReasonButton>
      {releasing && wish !== null ? <ReleaseModal overview={overview} wish={wish} environmentId={replay.environment_id} replayId={replay.id} onClose={() => setReleasing(false)} /> : null}
    </>
  );
}
