-- Takes one from every quota, or from none (GCRA: a key holds the moment at which its quota would be whole again).
-- KEYS: the quotas. ARGV: now, then for each key its count and period; all times in milliseconds.
-- Answers how long to wait (0: taken), then for each key what is left and how long until it is whole.
local now, wait, whole, answer = tonumber(ARGV[1]), 0, {}, {0}
for i, key in ipairs(KEYS) do
  local count, period = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  whole[i] = math.max(now, tonumber(redis.call('GET', key) or 0)) + period / count
  wait = math.max(wait, math.ceil(whole[i] - period - now))
end
for i, key in ipairs(KEYS) do
  local count, period = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  if wait == 0 then
    redis.call('SET', key, string.format('%.0f', whole[i]), 'PX', period)
  else
    whole[i] = whole[i] - period / count
  end
  answer[2 * i] = math.max(0, math.floor((period - (whole[i] - now)) * count / period + 0.001))
  answer[2 * i + 1] = math.ceil(whole[i] - now)
end
answer[1] = wait
return answer
