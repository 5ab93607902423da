-- Argo CD's view of a ModelServer: Healthy, Progressing, Degraded or Suspended, by its conditions.
-- Argo CD calls this with the resource in obj. Available stays out of it: a ModelServer that serves its last good version on
-- while the new one fails is Degraded here, as what Git asks for is not what is served.

local function answer(status, message)
  return { status = status, message = message }
end

if obj.metadata.deletionTimestamp ~= nil then
  return answer("Progressing", "It is being deleted")
end

local status = obj.status
if status == nil or status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return answer("Progressing", "The operator has not seen this generation yet")
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is_true(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

-- "Reason: message", or what of the two there is.
local function words(condition)
  local reason = condition.reason or ""
  local message = condition.message or ""
  if reason == "" or message == "" then
    return reason .. message
  end
  return reason .. ": " .. message
end

if is_true("Stalled") then
  return answer("Degraded", words(conditions.Stalled))
end
if is_true("Reconciling") then
  return answer("Progressing", words(conditions.Reconciling))
end

local ready = conditions.Ready
if ready == nil then
  return answer("Progressing", "The operator has not told of its state yet")
end
if ready.status == "True" then
  -- Models that are not required may fail without harm; that is told all the same.
  if is_true("Degraded") then
    return answer("Healthy", words(conditions.Degraded))
  end
  return answer("Healthy", words(ready))
end
if ready.reason == "Paused" or ready.reason == "ReconcileDisabled" then
  return answer("Suspended", words(ready))
end
return answer("Progressing", words(ready))
