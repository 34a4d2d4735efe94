-- One guest's cart, changed atomically.
-- KEYS: the cart; the carts that nobody was told of; the carts that may be abandoned; optionally what an Idempotency-Key was used for.
-- ARGV: the operation, now in milliseconds, how long a cart is kept in milliseconds, and what the operation takes.
-- Fields of the cart: id, currency, version, created, updated, coupon, sealed, lines (how many), and for each variant
-- i:<variant> (the line's id), p:<variant> (the product), q:<variant> (units), s:<variant> (the price that the customer saw).
-- Answers a word, and the whole cart after 'ok' and 'repeated'.
local cart, untold, idle, used = unpack(KEYS)
local operation, now, kept = unpack(ARGV)
local call = redis.call

local function answer(word)
  local fields = call('HGETALL', cart)
  table.insert(fields, 1, word)
  return fields
end

local function changed()
  call('HINCRBY', cart, 'version', 1)
  call('HSET', cart, 'updated', now)
  call('PEXPIRE', cart, kept)
  call('ZADD', untold, now, cart)
  call('ZADD', idle, now, cart)
  return answer('ok')
end

local function drop_line(variant)
  call('HDEL', cart, 'i:' .. variant, 'p:' .. variant, 'q:' .. variant, 's:' .. variant)
  call('HINCRBY', cart, 'lines', -1)
end

local operations = {}

function operations.open()
  call('PEXPIRE', cart, kept)
  return answer('ok')
end

-- variant, product, line id, units, price, most units, most lines, then the request's hash and how long it is remembered
function operations.add(variant, product, line, units, price, most_units, most_lines, hash, remembered)
  if used then
    local before = call('GET', used)
    if before then return before == hash and answer('repeated') or {'key_reused'} end
  end
  local there = tonumber(call('HGET', cart, 'q:' .. variant) or 0)
  if there + units > tonumber(most_units) then return {'too_many'} end
  if there == 0 then
    if tonumber(call('HGET', cart, 'lines') or 0) >= tonumber(most_lines) then return {'full'} end
    call('HSET', cart, 'i:' .. variant, line, 'p:' .. variant, product)
    call('HINCRBY', cart, 'lines', 1)
  end
  call('HINCRBY', cart, 'q:' .. variant, units)
  call('HSET', cart, 's:' .. variant, price)
  if used then call('SET', used, hash, 'PX', remembered) end
  return changed()
end

-- variant, line id, units (0 takes the line out)
function operations.set(variant, line, units)
  if call('HGET', cart, 'i:' .. variant) ~= line then return {'no_line'} end
  if units == '0' then
    drop_line(variant)
  else
    call('HSET', cart, 'q:' .. variant, units)
  end
  return changed()
end

function operations.clear()
  for _, field in ipairs(call('HKEYS', cart)) do
    if string.sub(field, 1, 2) == 'i:' then drop_line(string.sub(field, 3)) end
  end
  call('HDEL', cart, 'coupon')
  return changed()
end

-- the code, or nothing to take it off
function operations.coupon(code)
  if code == '' then call('HDEL', cart, 'coupon') else call('HSET', cart, 'coupon', code) end
  return changed()
end

-- variants and prices, in turns
function operations.seen(...)
  local pairs_of = {...}
  for i = 1, #pairs_of, 2 do
    if call('HEXISTS', cart, 'i:' .. pairs_of[i]) == 1 then call('HSET', cart, 's:' .. pairs_of[i], pairs_of[i + 1]) end
  end
  return changed()
end

-- From now on nothing changes it: it moves to the database.
function operations.seal()
  call('HSET', cart, 'sealed', 1)
  return answer('ok')
end

if operation == 'begin' then
  -- id and currency, then as 'add'
  call('HSET', cart, 'id', ARGV[4], 'currency', ARGV[5], 'version', 0, 'created', now, 'lines', 0)
  return operations.add(unpack(ARGV, 6))
end
if call('EXISTS', cart) == 0 then return {'gone'} end
if call('HEXISTS', cart, 'sealed') == 1 then return answer('sealed') end
return operations[operation](unpack(ARGV, 4))
