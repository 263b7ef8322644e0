-- What a rule may count: the calls that policy allowed in an environment within a sliding window of a day at most (decision record 0023).
SET ROLE countersign_owner;

-- The columns that are counted by stand in the index, so that the rows themselves, with their inputs, are not read. One index instead of
-- one for each counter: every decision pays for it, and few bundles count.
CREATE INDEX decisions_allowed ON execution.decisions (tenant_id, environment_id, decided_at) INCLUDE (action, instance_id, workflow) WHERE outcome = 'ALLOW';

RESET ROLE;
