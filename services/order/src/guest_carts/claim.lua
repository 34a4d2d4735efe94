-- KEYS: an index of carts by time. ARGV: up to when, the lease's end, how many. Answers carts that nobody else has taken on.
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, cart in ipairs(found) do redis.call('ZADD', KEYS[1], ARGV[2], cart) end
return found
