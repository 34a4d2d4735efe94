-- KEYS: an index of carts by time. ARGV: carts and the leases under which they were taken on; one that changed since has another time.
for i = 1, #ARGV, 2 do
  local time = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if time and tonumber(time) == tonumber(ARGV[i + 1]) then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return 1
