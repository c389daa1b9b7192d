/*
 * The scripts. Those of the roster touch one host each, whose keys lie in one slot:
 *   KEYS  1 meta (hash)  2 leases (zset)  3 users (hash)  4 gone (zset)  5 log (stream, and sharded channel)
 *         6 the pod's rows (hash: `!g` generation, `!s` last batch, `!r` the head after it, else a connection each)
 *         7 when users were last seen (zset), where the app wants that remembered, else not given
 * Names of connections, users and pods are JSON texts, so that they can be passed through. A row is the JSON text
 *   [revision, at, active, length of user, user, pod, since revision, since at, channels]
 * and a user's record
 *   [connections, active, chosen, stamp, was, previous stamp, length of claims, claims, text]
 * with the leading numbers first, because that is all that a script has to read of them. Where the choice is timed, the
 * moment at which it ends follows the text (0: it is not timed), and after that, as long as that counts, when the user was
 * erased, and of which tenant. The presence rule and that of erasures are those of `libs/roster/src/presence.ts` and `roster-tables.ts`; the
 * contract suite holds them equal.
 */
import { LEASE_MAX_MS, REVISION_LEAP } from '@rollcall/roster';
import { PRELUDE, WRITER } from './script-parts';

/** ARGV: new epoch, new tag, instance, generation, last epoch seen or '', last revision seen, lease ms. */
const OPEN = `${PRELUDE}
begin(ARGV[1], ARGV[2])
local generation = redis.call('HGET', OWN, '!g')
if generation then
  local score = redis.call('ZSCORE', LEASES, ARGV[3])
  local claimed = score and tonumber(score) == 0
  local known, asked = tonumber(generation), tonumber(ARGV[4])
  if known > asked or (known == asked and claimed) then return {'OLD', generation} end
elseif redis.call('ZSCORE', LEASES, ARGV[3]) then
  -- A sweep would have taken both: the rows are lost, but are still counted, and views show them.
  forget(ARGV[3], ARGV[1], ARGV[2])
end
if ARGV[5] ~= '' and ARGV[5] ~= epoch then
  epochAt = born
  redis.call('HSET', META, 'epochAt', born)
  if tonumber(ARGV[6]) > rev then
    rev = tonumber(ARGV[6]) + ${REVISION_LEAP}
    redis.call('HSET', META, 'rev', int(rev), 'tag', ARGV[2])
  end
end
redis.call('PERSIST', META)
redis.call('HSET', OWN, '!g', ARGV[4], '!s', '0', '!r', '')
redis.call('ZADD', LEASES, int(clock + tonumber(ARGV[7])), ARGV[3])
return {'OK', epoch}
`;

/**
 * ARGV: new epoch, new tag, instance, generation, sequence, the batch's tag, lease ms, grace ms, kept ms, bytes of the log,
 * pod, number of rows, number of users; then for each row: connection, 'x' (gone), 'n' (anonymous) or the user's
 * standing (erasure or 0, a comma, tenant), active, user, tail, claims; for each user: user, status or '', text or '', the
 * standing, 'e' (erases) | 'r' (restores) | '', until when or 0.
 */
const APPLY = `${PRELUDE}${WRITER}
if not living(ARGV[3], ARGV[4]) then return {'GONE'} end
begin(ARGV[1], ARGV[2])
local sequence, last = tonumber(ARGV[5]), tonumber(redis.call('HGET', OWN, '!s'))
if sequence <= last and last > 0 then return {'DUP', redis.call('HGET', OWN, '!r')} end
if sequence ~= last + 1 then return {'GAP', epoch} end
local pod, nRows, nUsers = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])
local ids, users, seen = {}, {}, {}
local function note(user)
  if user and not seen[user] then seen[user] = true; users[#users + 1] = user end
end
for i = 0, nRows - 1 do ids[#ids + 1] = ARGV[14 + i * 6] end
local olds = nRows > 0 and redis.call('HMGET', OWN, unpack(ids)) or {}
-- Rows that say something else of their user than before; a join or a leave does not, and costs the user nothing.
local moves = {}
for i = 1, nRows do
  local at = 8 + i * 6
  local user, oldUser, oldActive = ARGV[at + 3] ~= '' and ARGV[at + 3] or nil, nil, 0
  if olds[i] then oldUser, oldActive = ownerOf(olds[i]) end
  if not user or user ~= oldUser or tonumber(ARGV[at + 2]) ~= oldActive then
    moves[i] = {oldUser, oldActive}
    note(user)
    note(oldUser)
  end
end
for i = 0, nUsers - 1 do note(ARGV[14 + nRows * 6 + i * 6]) end
loadUsers(users)
local from, prevTag = rev, tag
local sets, dels, lines = {}, {}, {}
for i = 0, nRows - 1 do
  local at = 14 + i * 6
  local id, kind, active, user = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  rev = rev + 1
  local move = moves[i + 1]
  if move then count(move[1], -1, -move[2]) end
  if kind == 'x' then
    dels[#dels + 1] = id
    lines[#lines + 1] = '[' .. id .. ',null]'
  else
    -- Whoever came before the user was erased is nobody until their pod has heard of that, and closes the connection.
    local admitted = kind ~= 'n' and (not move or admits(user, kind))
    local len = admitted and #user or 0
    local row = '[' .. int(rev) .. ',' .. int(t) .. ',' .. active .. ',' .. len .. ',' .. (len > 0 and user or 'null') ..
      ',' .. pod .. ',' .. ARGV[at + 4] .. ']'
    sets[#sets + 1] = id; sets[#sets + 1] = row
    lines[#lines + 1] = '[' .. id .. ',' .. row .. ']'
    if len > 0 and move then
      count(user, 1, tonumber(active))
      if move[1] ~= user and ARGV[at + 5] ~= 'null' then touch(user).claims = ARGV[at + 5] end
    end
  end
end
for i = 0, nUsers - 1 do
  local at = 14 + nRows * 6 + i * 6
  local next = touch(ARGV[at])
  rev = rev + 1
  if admits(ARGV[at], ARGV[at + 3]) and (ARGV[at + 4] ~= 'r' or not hasChosen(next)) then
    if ARGV[at + 1] ~= '' or ARGV[at + 2] ~= '' then next.ends = tonumber(ARGV[at + 5]) end
    if ARGV[at + 4] == 'e' then next.leaves = true end
    if ARGV[at + 1] ~= '' then next.chosen = ARGV[at + 1] end
    if ARGV[at + 2] ~= '' then next.text = ARGV[at + 2] end
  end
end
if contradicts() then
  forget(ARGV[3], ARGV[1], ARGV[2])
  return {'GONE'}
end
each('HSET', OWN, sets)
each('HDEL', OWN, dels)
append(from, prevTag, ARGV[6], lines, tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]))
redis.call('HSET', OWN, '!s', ARGV[5], '!r', cjson.encode(head()))
redis.call('ZADD', LEASES, int(clock + tonumber(ARGV[7])), ARGV[3])
return {'OK', head()}
`;

/** ARGV: new epoch, new tag, instance, generation, lease ms. */
const BEAT = `${PRELUDE}
begin(ARGV[1], ARGV[2])
local own = false
if living(ARGV[3], ARGV[4]) then
  redis.call('ZADD', LEASES, int(clock + tonumber(ARGV[5])), ARGV[3])
  own = {ARGV[4], redis.call('HGET', OWN, '!s'), redis.call('HLEN', OWN) - 3}
end
return {head(), own, redis.call('ZRANGE', LEASES, 0, -1, 'WITHSCORES'), int(clock)}
`;

/** The time and the leases. */
const LEASES = `
local time = redis.call('TIME')
return {string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)),
  redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')}
`;

/** ARGV: new epoch, new tag, instance, score seen, cursor, the entry's tag, kept ms, bytes of the log, rows at most. */
const SWEEP = `${PRELUDE}${WRITER}
local score = redis.call('ZSCORE', LEASES, ARGV[3])
if not score then return {'DONE'} end
begin(ARGV[1], ARGV[2])
score = tonumber(score)
if score ~= 0 and (score ~= tonumber(ARGV[4]) or (score >= clock and score <= clock + ${LEASE_MAX_MS})) then return {'ALIVE'} end
if score ~= 0 then
  redis.call('HINCRBY', OWN, '!g', 1)
  redis.call('ZADD', LEASES, 0, ARGV[3])
end
local scan = redis.call('HSCAN', OWN, ARGV[5], 'COUNT', ARGV[9])
local ids, rows, users, seen = {}, {}, {}, {}
for i = 1, #scan[2], 2 do
  if string.sub(scan[2][i], 1, 1) ~= '!' then
    ids[#ids + 1] = scan[2][i]; rows[#rows + 1] = scan[2][i + 1]
    local user = ownerOf(scan[2][i + 1])
    if user and not seen[user] then seen[user] = true; users[#users + 1] = user end
  end
end
if #ids > 0 then
  loadUsers(users)
  local from, prevTag, lines = rev, tag, {}
  for i, id in ipairs(ids) do
    rev = rev + 1
    local user, active = ownerOf(rows[i])
    count(user, -1, -active)
    lines[#lines + 1] = '[' .. id .. ',null]'
  end
  if contradicts() then
    forget(ARGV[3], ARGV[1], ARGV[2])
    return {'DONE'}
  end
  each('HDEL', OWN, ids)
  append(from, prevTag, ARGV[6], lines, 0, tonumber(ARGV[7]), tonumber(ARGV[8]))
end
if scan[1] == '0' and redis.call('HLEN', OWN) <= 3 then
  redis.call('DEL', OWN)
  redis.call('ZREM', LEASES, ARGV[3])
  return {'DONE'}
end
return {'MORE', scan[1]}
`;

/** ARGV: instance, generation. */
const CLOSE = `${PRELUDE}
if not living(ARGV[1], ARGV[2]) or redis.call('HLEN', OWN) > 3 then return 0 end
redis.call('DEL', OWN)
redis.call('ZREM', LEASES, ARGV[1])
return 1
`;

/** ARGV: new epoch, new tag, time shown. */
const NOW = `${PRELUDE}
begin(ARGV[1], ARGV[2], ARGV[3])
return head()
`;

/** Where the roster is, and how many rows and users it has there. */
const TALLY = `
local rows = 0
-- The pod's key without a pod is the beginning of each pod's.
for _, instance in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  rows = rows + math.max(0, redis.call('HLEN', KEYS[6] .. instance) - 3)
end
return {redis.call('HMGET', KEYS[1], 'epoch', 'epochAt', 'rev', 'tag', 't'), rows, redis.call('HLEN', KEYS[3])}
`;

/**
 * Forgets who left a host long ago on which no pod has been since. 1: nothing is left but what users have chosen, or
 * nothing at all. ARGV: kept ms, '1' to forget what users have chosen, too.
 */
const TRIM = `${PRELUDE}${WRITER}
if redis.call('EXISTS', LEASES) == 1 then return 0 end
local time = redis.call('TIME')
local now, kept = tonumber(time[1]) * 1000, tonumber(ARGV[1])
local before = now - kept
local old = redis.call('ZRANGEBYSCORE', GONE, '-inf', '(' .. int(before), 'LIMIT', 0, 1000)
if #old > 0 then
  local texts = redis.call('HMGET', USERS, unpack(old))
  for i, user in ipairs(old) do if isForgettable(parse(texts[i]), before) then redis.call('HDEL', USERS, user) end end
  redis.call('ZREM', GONE, unpack(old))
end
-- Choices that end much later wait for somebody to come back, as those do that never end.
if redis.call('ZCOUNT', GONE, '-inf', int(now + kept)) > 0 then return 0 end
if ARGV[2] == '' and redis.call('EXISTS', USERS) == 1 then redis.call('XTRIM', LOG, 'MAXLEN', 0)
else redis.call('UNLINK', META, USERS, GONE, LOG) end
return 1
`;

/** ARGV: new epoch, new tag, epoch seen. */
const RENEW = `${PRELUDE}
begin(ARGV[1], ARGV[2])
if epoch ~= ARGV[3] then return 0 end
redis.call('UNLINK', LOG)
redis.call('HSET', META, 'epoch', ARGV[1], 'epochAt', int(t), 'born', int(t), 'tag', ARGV[2])
return 1
`;

/**
 * KEYS: a table of an app (hash), its log (stream, and sharded channel). ARGV: field, what was seen of it or '', what it
 * is to be, length of the log, the table's name, how many fields there may be or '', '1' to announce it.
 */
const DIRECTORY = `
local current = redis.call('HGET', KEYS[1], ARGV[1])
if (current or '') ~= ARGV[2] then return {0, current} end
if not current and ARGV[6] ~= '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then return {2} end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', ARGV[5], ARGV[1])
if ARGV[7] == '1' then redis.call('SPUBLISH', KEYS[2], '') end
return {1}
`;

/** KEYS: a table of an app (hash). ARGV: fields, each with what was seen of it: one that has changed stays. */
const FORGET = `
for at = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then redis.call('HDEL', KEYS[1], ARGV[at]) end
end
return 1
`;

/** KEYS: pods (hash). ARGV: instance, what it tells. */
const ANNOUNCE = `
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
return redis.call('HSET', KEYS[1], ARGV[1], '[' .. now .. ',' .. ARGV[2] .. ']')
`;

/** The time and what all pods have told. KEYS: pods (hash). */
const PODS = `
local time = redis.call('TIME')
return {string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)),
  redis.call('HGETALL', KEYS[1])}
`;

/**
 * A counter that starts over when its time is up. ARGV: by how much, for how long in ms. A hash, for the commands of
 * plain numbers are none that a login needs for anything else.
 */
const COUNT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ends, length = tonumber(redis.call('HGET', KEYS[1], 'ends') or 0), tonumber(ARGV[2])
-- A clock that was put back would make it last for as long as that.
if ends <= now or ends > now + length then
  ends = now + length
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'ends', string.format('%.0f', ends))
end
local count = redis.call('HINCRBY', KEYS[1], 'count', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ends - now)
return {count, ends - now}
`;

export const SCRIPTS = {
  count: COUNT,
  directory: DIRECTORY,
  forget: FORGET,
  announce: ANNOUNCE,
  pods: PODS,
  open: OPEN,
  apply: APPLY,
  beat: BEAT,
  leases: LEASES,
  sweep: SWEEP,
  close: CLOSE,
  now: NOW,
  tally: TALLY,
  trim: TRIM,
  renew: RENEW,
} as const;

export type ScriptName = keyof typeof SCRIPTS;

/** Those that write nothing, so that a login that may only read may run them. */
export const READING: ReadonlySet<ScriptName> = new Set(['leases', 'pods', 'tally']);
