-- An example for validate-lua: jobs are JSON objects that say what is to be done to which list.
-- {"o": "+", "l": "..."} puts something on a list, {"o": "-", "l": "...", "bl": "..."} takes it off.

local largest = 64 * 1024

-- null is a value, and a true one.
local function is_set(value)
	return value ~= nil and value ~= json.null
end

function validate(topic, body)
	if #body > largest then
		return false, "larger than " .. largest .. " bytes"
	end
	if body:find("^#test") then
		return "jobs.test" -- goes to this topic instead
	end
	local job, why = json.decode(body)
	if type(job) ~= "table" then
		return false, why or "not an object"
	end
	if job.o == "+" and is_set(job.l) then
		return true
	elseif job.o == "-" and is_set(job.l) and is_set(job.bl) then
		return true
	end
	return false, "o must be + (with l) or - (with l and bl)"
end
