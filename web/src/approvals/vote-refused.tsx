import { Button, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Approval } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';
import { digestPrefix } from '../format/ids.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { signInAgainPath } from '../sign-in/sign-in-link.ts';

const SIGN_IN_CODES = new Set(['approval_stronger_sign_in_required', 'approval_fresh_sign_in_required']);

/** Why a vote did not count, and what to do: most often somebody was faster, or the action is another by now. */
export function VoteRefused({ error, approval, onReset }: { error: unknown; approval: Approval; onReset: () => void }) {
  const queryClient = useQueryClient();
  const readAgain = (): void => {
    onReset();
    void queryClient.invalidateQueries({ queryKey: ['approval', approval.id] });
    void queryClient.invalidateQueries({ queryKey: ['approvals'] });
  };
  const current = error instanceof ApiError ? error.problem?.current_action_digest : undefined;
  return (
    <div style={{ width: '100%' }}>
      <ProblemView error={error} />
      {current === undefined ? null : <Text size="sm" mt="xs">Your vote was not counted: it was for another action than <code>{digestPrefix(current)}</code>, which would run now.</Text>}
      <Group gap="xs" mt="xs">
        <Button size="xs" variant="default" onClick={readAgain}>Read it again</Button>
        {error instanceof ApiError && SIGN_IN_CODES.has(error.code) ? <Button size="xs" variant="default" component={Link} to={signInAgainPath(`/approvals?selected=${approval.id}`)}>How to sign in again</Button> : null}
      </Group>
    </div>
  );
}
