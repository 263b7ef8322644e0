-- Which model answered a call and what it counted (`ModelAnswer` of the connectors' SDK): ids and numbers, no content.

SET ROLE countersign_owner;

ALTER TABLE execution.tool_calls ADD COLUMN model jsonb;

RESET ROLE;
