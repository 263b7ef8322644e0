-- Which model answered last at an instance under the name that was asked for: what the next answer is compared with.

SET ROLE countersign_owner;

CREATE INDEX model_answers_of_an_instance ON execution.tool_calls (tenant_id, instance_id, (model->>'requested'), intended_at DESC) WHERE model IS NOT NULL;

RESET ROLE;
