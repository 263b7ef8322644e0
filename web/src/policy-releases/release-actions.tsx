import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { toastDone } from '../parts/toast.tsx';
import { allOf, mayCall } from '../states/role-permission.ts';
import { mayOverride, mayWithdraw } from './release-permissions.ts';
import { ReleaseModal } from './release-modal.tsx';
import { environmentAfter, mayPromote, mayRollBack } from './release-wish.ts';

type Release = Schemas['PolicyRelease'];

/** What can be done with a release; what cannot is shown too, and says why. */
export function ReleaseActions({ release, overview }: { release: Release; overview: Schemas['PolicyOverview'] }) {
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState<'promote' | 'rollback' | 'shipped' | 'override' | 'withdraw' | null>(null);
  const environment = overview.environments.find(({ environment_id }) => environment_id === release.environment_id);
  const next = environment === undefined ? undefined : environmentAfter(environment, overview.environments);
  const inForce = environment?.enforce?.id === release.id;
  const close = (): void => setAsking(null);
  return (
    <>
      {release.state === 'blocked' ? <ReasonButton permission={mayOverride(release, me)} onClick={() => setAsking('override')}>Release all the same</ReasonButton> : null}
      {release.state === 'blocked' || (release.mode === 'shadow' && release.state === 'released') ? <ReasonButton variant="default" permission={mayWithdraw(release, me)} onClick={() => setAsking('withdraw')}>{release.state === 'blocked' ? 'Give it up' : 'End the shadow'}</ReasonButton> : null}
      {release.mode === 'shadow' || release.state === 'blocked' ? null : <ReasonButton variant="default" permission={allOf(mayCall('createPolicyRelease', me, 'Rolling back'), mayRollBack(release, environment))} onClick={() => setAsking('rollback')}>Roll back to this</ReasonButton>}
      {inForce ? <ReasonButton variant="default" permission={mayCall('createPolicyRelease', me, 'Rolling back')} onClick={() => setAsking('shipped')}>Back to what is shipped</ReasonButton> : null}
      {next === undefined || !inForce ? null : <ReasonButton permission={allOf(mayCall('createPolicyRelease', me, 'Promoting'), mayPromote(next, overview.environments))} onClick={() => setAsking('promote')}>Promote to {next.environment}</ReasonButton>}
      {asking === 'promote' && next !== undefined ? <ReleaseModal overview={overview} wish={{ kind: 'promote', environment: next }} onClose={close} /> : null}
      {(asking === 'rollback' || asking === 'shipped') && environment !== undefined ? <ReleaseModal overview={overview} wish={{ kind: 'rollback', environment, to: asking === 'shipped' ? null : release }} onClose={close} /> : null}
      {asking === 'override' || asking === 'withdraw' ? <Ask key={asking} act={asking} release={release} onClose={close} /> : null}
    </>
  );
}

const WORDS = {
  override: { title: 'Release it over the gate', confirm: 'Release all the same', done: 'Released over the gate', explanation: 'The replay went over a limit of the gate. Your name and reason go into the audit.' },
  withdraw: { title: 'End this release', confirm: 'End it', done: 'Ended', explanation: 'A shadow release stops deciding beside; a blocked one is given up. What is in force stays in force.' },
};

function Ask({ act, release, onClose }: { act: 'override' | 'withdraw'; release: Release; onClose: () => void }) {
  const queryClient = useQueryClient();
  const words = WORDS[act];
  const mutation = useMutation({
    mutationFn: (reason: string) => {
      const request = { params: { path: { release_id: release.id } }, body: { reason } };
      return dataOf(act === 'override' ? api.POST('/api/v1/policy-releases/{release_id}/override', request) : api.POST('/api/v1/policy-releases/{release_id}/withdraw', request));
    },
    onSuccess: ({ number, environment }) => {
      toastDone(`${words.done}: ${environment} #${number}`, null);
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['policy'] }),
  });
  return <ReasonModal title={words.title} explanation={words.explanation} confirm={words.confirm} danger={act === 'override'} minLength={3} maxLength={500} pending={mutation.isPending} error={mutation.error} onClose={onClose} onConfirm={(reason) => mutation.mutate(reason)} />;
}
