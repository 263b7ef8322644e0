-- A release that was halted because it does not work is followed by one that does: only two that run would take agents from one another.

SET ROLE countersign_owner;

DROP INDEX control.one_unfinished_rollout_of_a_pool_and_platform;
CREATE UNIQUE INDEX one_running_rollout_of_a_pool_and_platform ON control.agent_rollouts (tenant_id, pool_id, platform) WHERE state = 'running';

RESET ROLE;
