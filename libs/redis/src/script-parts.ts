/* What the scripts of the roster have in common; `scripts.ts` says what keys and texts look like. */
import {
  ERASURE_COUNTS_MS,
  ERASURE_KEPT_MS,
  GONE_KEPT_MS,
  LOG_MAX,
  SEEN_DROPPED_PER_BATCH,
  SEEN_KEPT_MS,
  SEEN_MAX,
} from '@rollcall/roster';

/** Stands in every log entry and in the format key; a pod that finds another one refuses to start. */
export const FORMAT = 1;

/** What the entries of a host's log may have together, about; Redis takes up to a quarter more for them. */
export const LOG_BYTES = 64 * 1024 * 1024;

/** The same on a host that clients have made up: there are as many of those as anybody likes. */
export const MADE_UP_LOG_BYTES = 1024 * 1024;

/** Where the roster is, and what every script has to know of it. */
export const PRELUDE = `
local META, LEASES, USERS, GONE, LOG, OWN, SEEN = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local function int(n) return string.format('%.0f', n) end
-- Gives a command any number of arguments, as many at a time as Lua can unpack.
local function each(command, key, list)
  for from = 1, #list, 4000 do redis.call(command, key, unpack(list, from, math.min(from + 3999, #list))) end
end
-- \`t\`, the time of stamps, never goes backwards; \`clock\`, that of leases, does with the clock, and catches up at once.
local epoch, epochAt, rev, tag, t, born, clock, size
-- Reads where the roster is and moves its time on; begins an epoch where there is none.
local function begin(newEpoch, newTag, shown)
  local m = redis.call('HMGET', META, 'epoch', 'epochAt', 'rev', 'tag', 't', 'born', 'size')
  local time = redis.call('TIME')
  clock = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  t = math.max(clock, tonumber(m[5] or 0), tonumber(shown or 0))
  epoch, epochAt, rev, tag, born, size = m[1], m[2], tonumber(m[3] or 0), m[4], m[6], tonumber(m[7])
  if epoch then
    redis.call('HSET', META, 't', int(t))
  else
    epoch, epochAt, tag, born = newEpoch, '0', newTag, int(t)
    redis.call('UNLINK', LOG)
    redis.call('HSET', META, 'epoch', epoch, 'epochAt', epochAt, 'rev', int(rev), 'tag', tag, 't', int(t), 'born', born)
    -- Until a pod opens: hosts on which nobody ever is may be asked about, too.
    if redis.call('EXISTS', LEASES) == 0 then redis.call('PEXPIRE', META, 3600000) end
  end
end
local function head() return {epoch, epochAt, int(rev), tag, int(t)} end
-- Of the host's keys some are lost, and the rest contradict them: forgets it all, and every pod writes anew what it owns.
local function forget(instance, newEpoch, newTag)
  local rowsOf = string.sub(OWN, 1, #OWN - #instance)
  for _, other in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do redis.call('UNLINK', rowsOf .. other) end
  redis.call('UNLINK', META, LEASES, USERS, GONE, LOG, OWN)
  begin(newEpoch, newTag)
end
local function living(instance, generation)
  local score = redis.call('ZSCORE', LEASES, instance)
  if not score or tonumber(score) == 0 then return false end
  return redis.call('HGET', OWN, '!g') == generation
end
`;

/** How users are counted, the presence rule, and the log entry that ends each write. */
export const WRITER = `
local order, touched = {}, {}
local parse
function parse(text)
  if not text then return {n = 0, a = 0, chosen = 'o', stamp = 0, was = 'f', prev = 0, claims = 'null', text = '""', ends = 0, erased = 0, tenant = 0} end
  local n, a, chosen, stamp, was, prev, len, from =
    string.match(text, '^%[(%d+),(%d+),"(%a)",(%d+),"(%a)",(%d+),(%d+),()')
  -- What somebody else has written there counts for nothing.
  if not n then return parse(nil) end
  local stop = from + tonumber(len)
  local own, ends, erased, tenant = string.sub(text, stop + 1, -2), 0, 0, 0
  -- A text ends with its quote, and what follows it has none.
  if string.byte(own, -1) ~= 34 then
    local word, rest = string.match(own, '^(.*"),([%d,]+)$')
    if not word then return parse(nil) end
    local first, second, third = string.match(rest .. ',0,0', '^(%d+),(%d+),(%d+)')
    if not first then return parse(nil) end
    own, ends, erased, tenant = word, tonumber(first), tonumber(second), tonumber(third)
  end
  return {written = text, n = tonumber(n), a = tonumber(a), chosen = chosen, stamp = tonumber(stamp), was = was, prev = tonumber(prev),
    claims = string.sub(text, from, stop - 1), text = own, ends = ends, erased = erased, tenant = tenant}
end
local function hasChosen(r) return r.chosen ~= 'o' or r.text ~= '""' end
-- Asked about users to whom the last happened before that time.
local function isForgettable(r, before)
  return r.n == 0 and (not hasChosen(r) or (r.ends > 0 and r.ends < before))
end
local function touch(user)
  local next = touched[user]
  if not next.listed then next.listed = true; order[#order + 1] = user end
  return next
end
local function status(chosen, n, a)
  if n == 0 then return 'f' end
  if chosen ~= 'o' then return chosen end
  if a > 0 then return 'o' end
  return 'a'
end
local function shown(r)
  if r.n > 0 then return status(r.chosen, r.n, r.a), r.stamp end
  if t < r.stamp then return r.was, r.prev end
  return 'f', r.stamp
end
-- An erasure as it counts now.
local function counting(erased)
  return erased + ${ERASURE_COUNTS_MS} < t and 0 or erased
end
local function isErased(before, next)
  return next.erased > 0 and (next.erased ~= before.erased or next.tenant ~= before.tenant)
end
local function advance(before, next, grace)
  if next.ends > 0 and next.ends <= t then next.chosen, next.text = 'o', '""' end
  if not hasChosen(next) then next.ends = 0 end
  local was, stamp = shown(before)
  local changed = next.text ~= before.text
  if next.n > 0 then
    local now = status(next.chosen, next.n, next.a)
    if changed or now ~= was then stamp = t end
    next.stamp, next.was, next.prev = stamp, now, stamp
  elseif was == 'f' then
    if changed then stamp = t end
    next.stamp, next.was, next.prev = stamp, 'f', stamp
  elseif next.chosen == 'f' or next.leaves or isErased(before, next) then
    next.stamp, next.was, next.prev = t, 'f', t
  else
    next.was, next.prev = was, changed and t or stamp
    next.stamp = before.n > 0 and t + grace or before.stamp
  end
end
-- The record as if the end of a timed choice, where it has come, had been written at its moment.
local function settled(before)
  if before.ends == 0 or t < before.ends then return before end
  local after = {written = before.written, n = before.n, a = before.a, chosen = 'o', claims = before.claims, text = '""', ends = 0,
    erased = before.erased, tenant = before.tenant}
  local now = t
  t = before.ends
  advance(before, after, 0)
  t = now
  return after
end
-- Loads the records of all users that the call is about to touch, in one command.
local function loadUsers(list)
  for from = 1, #list, 4000 do
    local to = math.min(from + 3999, #list)
    local texts = redis.call('HMGET', USERS, unpack(list, from, to))
    for i = from, to do
      local user, before = list[i], settled(parse(texts[i - from + 1]))
      local erased = counting(before.erased)
      touched[user] = {before = before, n = before.n, a = before.a, chosen = before.chosen, claims = before.claims,
        text = before.text, ends = before.ends, erased = erased, tenant = erased > 0 and before.tenant or 0}
    end
  end
end
local function record(r)
  local ends = (r.ends > 0 or r.erased > 0) and ',' .. int(r.ends) or ''
  local erased = r.erased > 0 and ',' .. int(r.erased) .. ',' .. int(r.tenant) or ''
  return '[' .. int(r.n) .. ',' .. int(r.a) .. ',"' .. r.chosen .. '",' .. int(r.stamp) .. ',"' .. r.was .. '",' ..
    int(r.prev) .. ',' .. #r.claims .. ',' .. r.claims .. ',' .. r.text .. ends .. erased .. ']'
end
-- The user and the activity of a row; no user: anonymous.
local function ownerOf(row)
  local active, len, from = string.match(row, '^%[%d+,%d+,([01]),(%d+),()')
  if len == '0' then return nil, 0 end
  return string.sub(row, from, from + tonumber(len) - 1), tonumber(active)
end
local function count(user, n, a)
  if not user then return end
  local next = touch(user)
  next.n, next.a = next.n + n, next.a + a
end
-- Whether what is said of a user counts; if it is from after an erasure that was not known here, all from before goes.
local function admits(user, standing)
  local erased, tenant = string.match(standing, '^(%d+),(%d+)$')
  local next, said = touched[user], counting(tonumber(erased))
  tenant = tonumber(tenant)
  local known = next.tenant == tenant and next.erased or 0
  if said > known then
    touch(user)
    next.chosen, next.text, next.ends, next.claims, next.erased, next.tenant = 'o', '""', 0, 'null', said, tenant
  end
  return said >= known
end
-- Users are counted with fewer than no connections: the table of users is lost, or a part of it.
local function contradicts()
  for _, user in ipairs(order) do
    if touched[user].n < 0 or touched[user].a < 0 then return true end
  end
  return false
end
-- These users have just lost their last connection. A table to which nobody writes any more goes by itself.
local function see(users)
  if #users == 0 then return end
  local stamps = {}
  for _, user in ipairs(users) do stamps[#stamps + 1] = int(t); stamps[#stamps + 1] = user end
  each('ZADD', SEEN, stamps)
  local old = math.max(redis.call('ZCOUNT', SEEN, '-inf', '(' .. int(t - ${SEEN_KEPT_MS})), redis.call('ZCARD', SEEN) - ${SEEN_MAX})
  if old > 0 then redis.call('ZREMRANGEBYRANK', SEEN, 0, math.min(old, ${SEEN_DROPPED_PER_BATCH}) - 1) end
  redis.call('PEXPIRE', SEEN, ${SEEN_KEPT_MS})
end
-- Writes the touched users, forgets the long gone, appends the entry and publishes it.
local function append(from, prevTag, newTag, rows, grace, keptMs, logBytes)
  local sets, gone, back, seen, lines, erased = {}, {}, {}, {}, {}, {}
  for _, user in ipairs(order) do
    local next = touched[user]
    advance(next.before, next, grace)
    local text = record(next)
    if text ~= next.before.written then
      sets[#sets + 1] = user; sets[#sets + 1] = text
      lines[#lines + 1] = '[' .. user .. ',' .. text .. ']'
    end
    if isErased(next.before, next) then erased[#erased + 1] = user end
    if next.n == 0 then
      -- An erasure is put so far back that it is kept for its own time.
      local last = math.max(next.stamp, next.ends, next.erased - ${GONE_KEPT_MS - ERASURE_KEPT_MS})
      gone[#gone + 1] = int(last); gone[#gone + 1] = user
      if SEEN and next.before.n > 0 and not next.leaves and not isErased(next.before, next) then seen[#seen + 1] = user end
    elseif next.before.n == 0 then back[#back + 1] = user end
  end
  see(seen)
  if SEEN then each('ZREM', SEEN, erased) end
  each('HSET', USERS, sets)
  each('ZREM', GONE, back)
  each('ZADD', GONE, gone)
  local before = t - keptMs
  local old = redis.call('ZRANGEBYSCORE', GONE, '-inf', '(' .. int(before), 'LIMIT', 0, 100)
  if #old > 0 then
    local texts = redis.call('HMGET', USERS, unpack(old))
    for i, user in ipairs(old) do
      if texts[i] and isForgettable(parse(texts[i]), before) then
        redis.call('HDEL', USERS, user)
        lines[#lines + 1] = '[' .. user .. ',null]'
      end
    end
    redis.call('ZREM', GONE, unpack(old))
  end
  tag = newTag
  local entry = '{"v":${FORMAT},"epoch":"' .. epoch .. '","from":' .. int(from) .. ',"previous":"' .. prevTag ..
    '","to":' .. int(rev) .. ',"tag":"' .. tag .. '","at":' .. int(t) ..
    ',"rows":[' .. table.concat(rows, ',') .. '],"users":[' .. table.concat(lines, ',') .. ']}'
  -- How long an entry is, as of late: a log of large ones goes back less far.
  size = math.floor((size or #entry) * 0.9 + #entry * 0.1) + 1
  redis.call('HSET', META, 'rev', int(rev), 'tag', tag, 't', int(t), 'size', int(size))
  -- A batch may be a hundred times as long as another: 64 of them are kept as long as that takes no more than four times as much.
  local least = math.max(1, math.min(64, math.floor(4 * logBytes / size)))
  local length = math.max(least, math.min(${LOG_MAX}, math.floor(logBytes / size)))
  redis.call('XADD', LOG, 'MAXLEN', '~', int(length), int(rev) .. '-0', 'e', entry)
  -- What it says of who is erased goes. Who has not read so far finds that what is left does not follow on.
  if #erased > 0 then redis.call('XTRIM', LOG, 'MAXLEN', 1) end
  redis.call('SPUBLISH', LOG, entry)
end
`;
