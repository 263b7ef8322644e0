import { Text, Title } from '@mantine/core';
import type { Schemas } from '../api/client.ts';
import { countOf } from '../format/count.ts';
import { formatUsd } from '../format/money.ts';
import { formatDuration } from '../format/time.ts';
import { Facts } from '../parts/page.tsx';
import { ChangeGroups } from '../policy/change-groups.tsx';
import { leftOut, minutesInWords } from './report-words.ts';

type Report = NonNullable<Schemas['PolicyReplay']['report']>;

/** What would have changed: how much, for whom, at what cost; then group by group. */
export function ReplayReport({ report }: { report: Report }) {
  const { figures, groups, not_replayed, decision_times } = report;
  const missing = leftOut(not_replayed);
  return (
    <>
      <section className="panel" aria-label="Impact">
        <header><Title order={2}>Impact</Title><Text size="xs" c="dimmed">{figures.replayed} decisions asked again in {formatDuration(report.took_ms)}</Text></header>
        <Facts
          facts={[
            { name: 'Come out otherwise', value: <strong className="tabular">{figures.changed}</strong> },
            { name: 'Same outcome, other obligations', value: <span className="tabular">{figures.changed_obligations}</span> },
            { name: 'Runs that would have been denied', value: <><strong className="tabular">{figures.newly_denied_runs}</strong>, which cost {formatUsd(figures.newly_denied_runs_cost_usd)}</> },
            { name: 'Runs no longer denied', value: <span className="tabular">{figures.no_longer_denied_runs}</span> },
            { name: 'Further approvals', value: <><strong className="tabular">{figures.extra_approvals}</strong>, {figures.extra_votes} votes, {minutesInWords(figures.extra_person_minutes)}</> },
            { name: 'Approvals no longer needed', value: <><span className="tabular">{figures.approvals_no_longer_needed}</span>, {figures.votes_no_longer_needed} votes, {minutesInWords(figures.person_minutes_no_longer_needed)}</> },
          ]}
        />
        <Text size="xs" c="dimmed" px="md" pb="sm">
          {decision_times.length === 0 ? 'Nobody has voted on anything yet, so person-minutes are not known.' : `Person-minutes by how long people took: ${decision_times.map(({ tier, median_ms, votes }) => `${tier ?? 'all tiers'} ${formatDuration(median_ms)} (median of ${countOf(votes, 'vote')})`).join(', ')}.`}
        </Text>
      </section>
      <section className="panel" aria-label="What changes">
        <header><Title order={2}>What changes</Title><Text size="xs" c="dimmed">By action, workflow and the rule that would decide</Text></header>
        {groups.length === 0 ? <Text size="sm" p="md">Every decision comes out as it did.</Text> : <ChangeGroups groups={groups} label="Decisions that come out otherwise" />}
      </section>
      {missing.length === 0 ? null : (
        <section className="panel" aria-label="Not replayed">
          <header><Title order={2}>Could not be asked again</Title></header>
          <ul style={{ margin: 0, padding: '10px 16px 12px 34px' }}>{missing.map(({ count, why }) => <li key={why}><span className="tabular">{count}</span>: {why}</li>)}</ul>
        </section>
      )}
    </>
  );
}
