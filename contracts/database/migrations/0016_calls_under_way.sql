-- Which calls an instance has to bear at the same time, where its connector or its settings set a limit.

SET ROLE countersign_owner;

CREATE INDEX tool_calls_under_way ON execution.tool_calls (tenant_id, instance_id) WHERE state = 'intended';

RESET ROLE;
