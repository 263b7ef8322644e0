import { Stack } from '@mantine/core';
import { useEffect } from 'react';
import { useLocation } from 'react-router';
import type { Run } from '../api/client.ts';
import { isPaused } from '../states/run-actions.ts';
import { CostCard } from './cost-card.tsx';
import { foldItems } from './fold-items.ts';
import { ProposalCard } from './proposal-card.tsx';
import { readProposal } from './proposal.ts';
import { RunApprovalCard } from './run-approval-card.tsx';
import { StepCard } from './step-card.tsx';
import { tellStory } from './story.ts';
import classes from './story.module.css';

/** What happened, step by step; beside it what the model proposed, what people were asked, and what it cost. */
export function StoryTab({ run }: { run: Run }) {
  const { hash } = useLocation();
  // A link to a step (from a decision) leads to it once it is there.
  useEffect(() => document.getElementById(hash.slice(1))?.scrollIntoView({ block: 'start' }), [hash]);
  const proposals = run.steps.flatMap((step) => {
    const proposal = step.uses === 'model/generate' ? readProposal(step.output) : null;
    return proposal === null ? [] : [{ key: step.key, proposal }];
  });
  return (
    <div className={classes.columns}>
      <ol className={classes.steps} aria-label="Steps">
        {foldItems(tellStory(run)).map(({ story, items }) => <StepCard key={story.step.id} story={story} items={items} paused={isPaused(run)} />)}
      </ol>
      <Stack gap="md">
        {run.approvals.map((approval) => <RunApprovalCard key={approval.id} approval={approval} />)}
        {proposals.map(({ key, proposal }) => <ProposalCard key={key} proposal={proposal} />)}
        <CostCard run={run} />
      </Stack>
    </div>
  );
}
