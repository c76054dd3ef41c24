import { createHash } from 'node:crypto';

/** A program that the server runs as one atomic act, and the name under which it remembers it. */
export interface Script {
  readonly text: string;
  /** What EVALSHA calls it: its SHA-1, by the protocol of Redis. */
  readonly sha: string;
}

export interface Scripts {
  readonly take: Script;
  readonly peek: Script;
  readonly giveBack: Script;
  readonly forget: Script;
  readonly read: Script;
  readonly compareAndSet: Script;
  readonly versions: Script;
}

/** `server`: the time is the server's. `argument`: the last argument is the time, ms, for simulations. */
export type TimeSource = 'server' | 'argument';

/** A millisecond in the numbers that are stored: the grain of a wall clock in a double, so that nothing is rounded on the way. */
export const grainsPerMs = 4_096;

/**
 * In a simulation time may stand still while the server's does not, so that its own expiry must come late. Otherwise one ms
 * more than needed, since the server counts whole ones.
 */
export const slackMs: Readonly<Record<TimeSource, number>> = { server: 1, argument: 86_400_000 };

export const readTime: Readonly<Record<TimeSource, string>> = {
  server: "local time = redis.call('TIME')\nlocal now = time[1] * 1000 + time[2] / 1000",
  argument: 'local now = tonumber(ARGV[#ARGV])',
};

/**
 * Where a key stands, in ms until it has its whole burst again. A value is the time at which that is, in grains; two
 * arguments of each key are what the charge costs and the most that it may be ahead to pay for it, in ms. A key that is
 * further ahead than its whole burst can take (the clock went back) is brought there. What is no number counts as that, too.
 */
const standing = `
local value = redis.call('GET', KEYS[i])
local cost, most, ms = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]), 0
local beyond = false
if value then
  ms = value / ${grainsPerMs} - now
  if ms < 0 then ms = 0 elseif not (ms <= most + cost) then ms, beyond = most + cost, true end
end`;

/** Formatted, since a number becomes text with 14 digits in some servers. As a whole number it takes no more than an integer. */
const keep = (ms: string, slack: number): string => `redis.call('SET', KEYS[i], string.format('%.0f', (now + ${ms}) * ${grainsPerMs}), 'PX', math.ceil(${ms}) + ${slack})`;

/**
 * As `keep`, for what is called most: `%.0f` takes as long as reading a key. Eight digits at a time, since in some servers `%d`
 * knows 32 bits. In a simulation the time may be too small to be cut so.
 */
const wholeNumber: Readonly<Record<TimeSource, string>> = {
  server: `local high = floor(grains / 100000000)
  local text = format('%d%08d', high, grains - high * 100000000)`,
  argument: "local text = format('%.0f', grains)",
};

/** Where the keys of a decision end: the arguments after those of the keys say how many each decision has; none: it is one. */
const lastKey: Readonly<Record<TimeSource, string>> = {
  server: `local size = ARGV[2 * #KEYS + turn]
  local last = size and first + size - 1 or #KEYS`,
  argument: 'local last = #KEYS',
};

/**
 * Several decisions, one after the other: each charges all its keys or none. Answers for each 1 or 0, then where each of its keys
 * stands, in grains; 2 where a key is no counter. It raises no error once it has written: whoever shares the call would be
 * charged and not told.
 */
const take = (from: TimeSource): string => `local call, pcall, format, floor, tonumber = redis.call, redis.pcall, string.format, math.floor, tonumber
${readTime[from]}
local function keep(key, ms)
  local grains, life = (now + ms) * ${grainsPerMs}, ms + ${slackMs[from] + 1}
  ${wholeNumber[from]}
  call('SET', key, text, 'PX', format(life < 2000000000 and '%d' or '%.0f', life))
end
local first, turn, reply = 1, 0, {}
repeat
  turn = turn + 1
  ${lastKey[from]}
  local verdict = 1
  for i = first, last do
    local value, most, ms = pcall('GET', KEYS[i]), ARGV[2 * i] + 0, 0
    if value then
      local grains = type(value) == 'string' and tonumber(value)
      if not grains then
        verdict = 2
      else
        ms = grains / ${grainsPerMs} - now
        if ms < 0 then
          ms = 0
        elseif not (ms <= most + ARGV[2 * i - 1]) then
          ms = most + ARGV[2 * i - 1]
          keep(KEYS[i], ms)
        end
      end
    end
    if ms > most and verdict == 1 then verdict = 0 end
    reply[i + turn] = ms
  end
  reply[first + turn - 1] = verdict
  for i = first, last do
    local ms = reply[i + turn]
    if verdict == 1 then
      ms = ms + ARGV[2 * i - 1]
      keep(KEYS[i], ms)
    end
    reply[i + turn] = ms * ${grainsPerMs}
  end
  first = last + 1
until first > #KEYS
return reply`;

/** What `take` would answer. Writes nothing. */
const peek = (from: TimeSource): string => `${readTime[from]}
local reply = {1}
for i = 1, #KEYS do${standing}
  if ms > most then reply[1] = 0 end
  reply[i + 1] = ms * ${grainsPerMs}
end
return reply`;

const giveBack = (from: TimeSource): string => `${readTime[from]}
for i = 1, #KEYS do${standing}
  if value then
    ms = ms - cost
    if ms > 0 then ${keep('ms', slackMs[from])} else redis.call('DEL', KEYS[i]) end
  end
end
return 1`;

const forget = "redis.call('DEL', KEYS[1])\nreturn 1";

/** A record is text: its version, the ms at which it ends (or nothing), its value, with a space after the first two. */
const header = `version, ends = string.match(stored, '^(%d+) (%d*) ')
if not version then return redis.error_reply('FORMAT not a record') end`;

/** What a removed record leaves for a moment, so that no version is used again where a server's clock stands still or steps back. */
const tombstoneMs = 1_000;

/** Once seen as expired a record must not come back, whatever clocks say later. A tombstone ended in 1970. */
const read = (from: TimeSource): string => `local stored = redis.call('GET', KEYS[1])
if not stored then return false end
local version, ends
${header}
if ends == '' then return stored end
if ends == '0' then return false end
${readTime[from]}
if tonumber(ends) > now then return stored end
redis.call('DEL', KEYS[1])
return false`;

/**
 * Arguments: the expected version, the channel of the key, `set` or `remove`, the value, the ms that it is to live (or nothing).
 * Answers the new version, 0 for a removal, or false. A version is the time in microseconds, or one more than the last.
 */
const compareAndSet = (from: TimeSource): string => `${readTime[from]}
local stored = redis.call('GET', KEYS[1])
local seen, last = '0', 0
local version, ends
if stored then
  ${header}
  last = tonumber(version)
  if ends == '' or tonumber(ends) > now then seen = version end
end
if seen ~= ARGV[1] then return false end
local given = '0'
if ARGV[3] == 'remove' then
  -- A server without memory takes no SET, but must let go of what was spent.
  if stored and redis.pcall('SET', KEYS[1], version .. ' 0 ', 'PX', ${tombstoneMs}).err then redis.call('DEL', KEYS[1]) end
else
  local clock = redis.call('TIME')
  given = string.format('%.0f', math.max(last + 1, clock[1] * 1000000 + clock[2]))
  if ARGV[5] == '' then
    redis.call('SET', KEYS[1], given .. '  ' .. ARGV[4])
  else
    local life = tonumber(ARGV[5])
    redis.call('SET', KEYS[1], given .. ' ' .. string.format('%.0f', math.max(1, now + life)) .. ' ' .. ARGV[4], 'PX', math.ceil(life) + ${slackMs[from]})
  end
end
redis.pcall('PUBLISH', ARGV[2], given)
return given`;

/** The versions that are stored, expired or not; 0 for none and for a tombstone. */
const versions = `local reply = {}
for i = 1, #KEYS do
  local stored = redis.call('GETRANGE', KEYS[i], 0, 31)
  local version, ends = string.match(stored, '^(%d+) (%d*) ')
  reply[i] = (version and ends ~= '0') and version or '0'
end
return reply`;

export function scriptsFor(from: TimeSource): Scripts {
  return {
    take: scriptOf(take(from)),
    peek: scriptOf(peek(from)),
    giveBack: scriptOf(giveBack(from)),
    forget: scriptOf(forget),
    read: scriptOf(read(from)),
    compareAndSet: scriptOf(compareAndSet(from)),
    versions: scriptOf(versions),
  };
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
