import { Button, Group, Modal, Progress, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { budgetQuery, meQuery } from '../api/queries.ts';
import { formatUsd, shareOfUsd, sumUsd } from '../format/money.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts } from '../parts/page.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { toastDone } from '../parts/toast.tsx';
import { mayCall } from '../states/role-permission.ts';

const USD = /^\d{1,9}(\.\d{1,9})?$/;

/** What the workspace may spend, and how much of it is spent or held by calls under way. */
export function BudgetCard() {
  const budget = useQuery(budgetQuery);
  const { data: me } = useQuery(meQuery);
  const [editing, setEditing] = useState(false);
  return (
    <section className="panel" aria-label="Budget">
      <header>
        <Title order={2}>Budget</Title>
        <ReasonButton size="xs" variant="default" permission={mayCall('putBudget', me, 'Setting a budget')} onClick={() => setEditing(true)}>Set limits</ReasonButton>
      </header>
      <AsyncView query={budget} what="the budget" skeletonRows={2}>{(data) => (
        <>
          <Month budget={data} />
          {editing ? <Limits budget={data} onClose={() => setEditing(false)} /> : null}
        </>
      )}</AsyncView>
    </section>
  );
}

function Month({ budget: { monthly_limit_usd, run_limit_usd, month } }: { budget: Schemas['Budget'] }) {
  const held = sumUsd([month.spent_usd, month.reserved_usd]);
  const share = monthly_limit_usd === null ? null : shareOfUsd(held, monthly_limit_usd);
  return (
    <Stack gap="sm" p="md">
      {month.state === 'warning' ? <Notice tone="wait" title="Four fifths of this month's budget are used">Calls that cost are refused when all of it is.</Notice> : null}
      {month.state === 'exhausted' ? <Notice tone="bad" title="This month's budget is used up">Calls that cost are refused. Raise the limit, then redrive what has failed.</Notice> : null}
      {share === null ? null : <Progress value={share} color={month.state === 'exhausted' ? 'red.8' : month.state === 'warning' ? 'orange.7' : undefined} aria-label={`${share} % of this month's budget is spent or held`} />}
      <Facts
        facts={[
          { name: `This month (${month.period}, UTC)`, value: monthly_limit_usd === null ? `${formatUsd(month.spent_usd)} spent, no limit` : `${formatUsd(month.spent_usd)} of ${formatUsd(monthly_limit_usd)} spent` },
          { name: 'Held by calls under way', value: formatUsd(month.reserved_usd) },
          { name: 'Each run', value: run_limit_usd === null ? 'no limit' : `at most ${formatUsd(run_limit_usd)}` },
          { name: 'Begins anew', value: <TimeAgo at={month.ends_at} /> },
        ]}
      />
    </Stack>
  );
}

function Limits({ budget, onClose }: { budget: Schemas['Budget']; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [monthly, setMonthly] = useState(budget.monthly_limit_usd ?? '');
  const [run, setRun] = useState(budget.run_limit_usd ?? '');
  const saving = useMutation({
    mutationFn: (limits: Schemas['NewBudget']) => dataOf(api.PUT('/api/v1/budgets', { body: limits })),
    onSuccess: () => {
      toastDone('The limits hold from the next call on', 'budget');
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['budget'] }),
  });
  const problemOf = (text: string): string | undefined => (text === '' || USD.test(text) ? undefined : 'Write an amount such as 25 or 0.50, or nothing for no limit');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (problemOf(monthly) === undefined && problemOf(run) === undefined && !saving.isPending) saving.mutate({ monthly_limit_usd: monthly === '' ? null : monthly, run_limit_usd: run === '' ? null : run });
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Limits of this workspace</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <TextInput label="For a calendar month, in USD" description="Leave it empty for no limit." value={monthly} error={problemOf(monthly)} data-autofocus inputMode="decimal" onChange={(event) => setMonthly(event.currentTarget.value.trim())} />
          <TextInput label="For each run, in USD" description="Leave it empty for no limit." value={run} error={problemOf(run)} inputMode="decimal" onChange={(event) => setRun(event.currentTarget.value.trim())} />
          {saving.error === null ? null : <ProblemView error={saving.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Keep it as it is</Button>
            <Button type="submit" loading={saving.isPending}>Set limits</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
