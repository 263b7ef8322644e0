import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Approval, Schemas } from '../api/client.ts';
import { decisionQuery } from '../api/decision-queries.ts';
import { runQuery } from '../api/queries.ts';
import { adjustedInWords } from '../decisions/obligations.ts';

/** Why a person is asked, in the words of the rules; and what policy has capped or taken out of what would run. */
export function DecisionBehind({ approval }: { approval: Approval }) {
  const { data: run } = useQuery(runQuery(approval.run_id));
  const asked = run?.decisions.findLast((decision) => decision.action_digest === approval.action_digest && ASKS.has(decision.outcome));
  const { data: decision } = useQuery({ ...decisionQuery(asked?.id ?? ''), enabled: asked !== undefined });
  if (asked === undefined) return null;
  const adjusted = adjustedInWords(decision?.adjusted ?? null);
  return (
    <section aria-label="Why a person is asked" style={{ borderTop: '1px solid var(--cs-line)', padding: '10px 16px' }}>
      <Text size="xs" c="dimmed">Asked because</Text>
      {asked.reasons.map(({ rule, message }) => <Text key={`${rule} ${message}`} size="sm">{message} <Text span size="xs" c="dimmed"><code>{rule}</code></Text></Text>)}
      {adjusted === null ? null : <Text size="sm" mt={4}>{adjusted}: what is shown here is what would run.</Text>}
      <Anchor component={Link} to={`/decisions/${asked.id}`} size="sm">The decision, line by line</Anchor>
    </section>
  );
}

const ASKS = new Set<Schemas['Decision']['outcome']>(['REQUIRE_HITL', 'REQUIRE_STEP_UP']);
