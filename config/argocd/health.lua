-- Health of every kind of teams-sbc for Argo CD: what the condition Ready says, once it speaks of the manifest as it is now.
-- False means that somebody must do something; Unknown means that something is under way, or not known yet.
local health = { status = "Progressing", message = "Waiting for the operator" }
if obj.status == nil or obj.status.conditions == nil then
  return health
end
for _, condition in ipairs(obj.status.conditions) do
  if condition.type == "Ready" then
    if condition.observedGeneration ~= obj.metadata.generation then
      return health
    end
    health.message = condition.message
    if condition.status == "True" then
      health.status = "Healthy"
    elseif condition.status == "False" then
      health.status = "Degraded"
    end
  end
end
return health
