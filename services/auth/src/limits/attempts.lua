-- Counts attempts that may fail. They are reserved before anything is checked, so that no number of guesses at once can pass
-- between a check and a count, and settled after it.
-- KEYS: what is counted. ARGV: now, how long an attempt may be under way, then for each key what to do with it (reserve,
-- failed, void, clear) and free, burst, steps (a JSON list), forgiven as in `domain::limits::Delays`. Times are in milliseconds.
-- Answers how long to wait (0: go on; then every key is reserved, otherwise none), and each key's failures and how long until
-- they are forgiven.
local now, stale = tonumber(ARGV[1]), tonumber(ARGV[2])
local wait, counts, answer = 0, {}, {0}

local function fail(count, number, at)
  if count.failures == 0 then count.since = at end
  count.failures = count.failures + number
  local beyond = count.failures - count.free
  if beyond > 0 then
    count.blocked = math.max(count.blocked, at + count.steps[math.min(beyond, #count.steps)])
  end
end

local function load(key, base)
  local saved = redis.call('HMGET', key, 'failures', 'since', 'pending', 'at', 'until')
  local count = {
    free = tonumber(ARGV[base]), burst = tonumber(ARGV[base + 1]), steps = cjson.decode(ARGV[base + 2]),
    forgiven = tonumber(ARGV[base + 3]),
    failures = tonumber(saved[1] or 0), since = tonumber(saved[2] or 0), pending = tonumber(saved[3] or 0),
    at = tonumber(saved[4] or 0), blocked = tonumber(saved[5] or 0),
  }
  -- Whoever hung up before the answer, or a process that died: nobody will settle these any more.
  if count.pending > 0 and now - count.at > stale then
    fail(count, count.pending, count.at)
    count.pending = 0
  end
  local fewer = math.min(count.failures, math.max(0, math.floor((now - count.since) / count.forgiven)))
  count.failures, count.since = count.failures - fewer, count.since + fewer * count.forgiven
  return count
end

for i, key in ipairs(KEYS) do
  local base = 4 + 5 * (i - 1)
  local what, count = ARGV[base - 1], load(key, base)
  if what == 'reserve' then
    if count.blocked > now then
      wait = math.max(wait, count.blocked - now)
    elseif count.pending >= math.max(1, count.free + count.burst - count.failures) then
      wait = math.max(wait, count.steps[1])
    end
    count.pending, count.at = count.pending + 1, now
  else
    count.pending = math.max(0, count.pending - 1)
    if what == 'failed' then fail(count, 1, now) end
    if what == 'clear' then count.failures, count.blocked = 0, 0 end
  end
  counts[i] = count
  answer[2 * i] = count.failures
  answer[2 * i + 1] = count.failures > 0 and count.since + count.failures * count.forgiven - now or 0
end

if wait == 0 then
  for i, key in ipairs(KEYS) do
    local count = counts[i]
    if count.failures == 0 and count.pending == 0 then
      redis.call('DEL', key)
    else
      redis.call('HSET', key, 'failures', count.failures, 'since', count.since, 'pending', count.pending,
        'at', count.at, 'until', count.blocked)
      redis.call('PEXPIRE', key, math.max(1, count.failures) * count.forgiven + stale + count.steps[#count.steps])
    end
  end
end
answer[1] = wait
return answer
