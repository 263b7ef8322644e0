import type { Script } from '@countersign/platform/cache/redis-cache.ts';

/**
 * What is kept of an instance, under keys of one hash slot: a `view` (what Postgres said last, for a moment), a `purse` (requests that are
 * counted in Postgres already and not yet made, with the window that they belong to), and a `generation` that each change raises.
 */
export const KEYS = ['view', 'purse', 'generation'] as const;

/** Pays `used` requests out of the purse and gives the view. ARGV: used. Gives [generation, json | false, age ms, count, left in the purse]. */
export const PAY: Script = {
  name: 'health.pay', keys: KEYS.length,
  lua: `
    local generation = redis.call('GET', KEYS[3]) or '0'
    local view = redis.call('HMGET', KEYS[1], 'json', 'at_ms', 'count', 'window')
    if not view[1] then return { generation, false } end
    -- where nothing is limited nothing is counted
    local used = view[4] == '' and 0 or tonumber(ARGV[1])
    local left = tonumber(redis.call('HGET', KEYS[2], 'left') or '0')
    -- what the purse does not hold is counted in Postgres, all of it
    if used > left then return { generation, false } end
    if used > 0 then left = redis.call('HINCRBY', KEYS[2], 'left', -used) end
    local now = redis.call('TIME')
    return { generation, view[1], now[1] * 1000 + math.floor(now[2] / 1000) - view[2], tonumber(view[3]), left }`,
};

/**
 * Keeps what Postgres has just said, unless something has changed since it was asked. ARGV: generation before, json, count, ttl ms,
 * window, ms to its end, refill. Gives what is in the purse now; nothing when it was not kept.
 */
export const KEEP: Script = {
  name: 'health.keep', keys: KEYS.length,
  lua: `
    if (redis.call('GET', KEYS[3]) or '0') ~= ARGV[1] then return false end
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local window, ends_at, refill = ARGV[5], now + tonumber(ARGV[6]), tonumber(ARGV[7])
    local purse = redis.call('HMGET', KEYS[2], 'window', 'ends_at')
    -- requests that were counted in another window are not worth anything in this one
    local same = purse[1] == window and math.abs(tonumber(purse[2]) - ends_at) < 5000
    if not same then redis.call('DEL', KEYS[2]) end
    local count = tonumber(ARGV[3])
    local before = redis.call('HMGET', KEYS[1], 'count', 'window')
    -- answers may overtake one another; the one that counted more is the later one
    if same and before[1] and before[2] == window then count = math.max(count, tonumber(before[1])) end
    redis.call('HSET', KEYS[1], 'json', ARGV[2], 'at_ms', now, 'count', count, 'window', window)
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    if window == '' then return { count, 0 } end
    local left = redis.call('HINCRBY', KEYS[2], 'left', refill)
    redis.call('HSET', KEYS[2], 'window', window, 'ends_at', ends_at)
    redis.call('PEXPIRE', KEYS[2], math.max(1, tonumber(ARGV[6])))
    return { count, left }`,
};

/** Something has changed: what is kept is not true any more, and nothing that was read before may be kept. The purse stays: it is paid for. */
export const FORGET: Script = {
  name: 'health.forget', keys: KEYS.length,
  lua: `
    redis.call('INCR', KEYS[3])
    redis.call('PEXPIRE', KEYS[3], 86400000)
    return redis.call('DEL', KEYS[1])`,
};
