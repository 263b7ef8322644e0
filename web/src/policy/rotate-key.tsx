import { IconRefresh } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { toastDone } from '../parts/toast.tsx';
import { allOf, given, mayCall } from '../states/role-permission.ts';

/** Signs bundles with a new key from now on; the one before verifies until what it signed has expired. */
export function RotateKey({ keys }: { keys: ReadonlyArray<Schemas['PublicKey']> }) {
  const { data: me } = useQuery(meQuery);
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const underWay = keys.some(({ purpose, state }) => purpose === 'policy_bundle' && state === 'verifying');
  const rotation = useMutation({
    mutationFn: (reason: string) => dataOf(api.POST('/api/v1/keys/rotations', { body: { purpose: 'policy_bundle', reason } })),
    onSuccess: ({ kid }) => {
      toastDone('Bundles are signed with a new key', null, <code>{kid}</code>);
      setAsking(false);
    },
    onSettled: () => Promise.all([queryClient.invalidateQueries({ queryKey: ['keys'] }), queryClient.invalidateQueries({ queryKey: ['policy'] })]),
  });
  const permission = allOf(
    mayCall('rotateKey', me, 'Rotating a key'),
    given(!underWay, 'The key before still verifies what it signed. Rotate again when it is retired.'),
  );
  return (
    <>
      <ReasonButton size="xs" variant="default" permission={permission} leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => setAsking(true)}>Rotate the bundle key</ReasonButton>
      {asking ? <ReasonModal title="Sign bundles with a new key" explanation="Every bundle is signed anew at once. The key before goes on verifying until the last bundle that it signed has expired, and is then retired." confirm="Rotate" minLength={1} maxLength={2000} pending={rotation.isPending} error={rotation.error} onClose={() => setAsking(false)} onConfirm={(reason) => rotation.mutate(reason)} /> : null}
    </>
  );
}
