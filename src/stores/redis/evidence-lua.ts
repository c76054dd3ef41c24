import { accountScores, evidenceDayMs, evidenceHourMs, passwordSketch, pairFilter, rememberedGuesses, slowSurgeTest, sourceScores, surgeMeasure, surgeTest, type ScoreSizes, type SurgeTest } from '../../kernel/evidence.ts';
import { bitsApart, pairMarks } from '../../kernel/evidence-tags.ts';

// The parts of the scripts that keep evidence. Lua's numbers are doubles, as ours are: the arithmetic is that of the memory store, and its numbers
// are written into the text, where nothing is lost. What is not of the expected length was written by another program, or cut off: nobody is let
// through because of it. Whatever can fail is read before anything is written.

/** A key ends when nobody has written it for so long, and what it said would count next to nothing. */
const lifeMs = Object.freeze({ sources: 5 * evidenceDayMs, accounts: 3 * evidenceDayMs, ofDay: 2 * evidenceDayMs, state: 60 * evidenceDayMs });

/** Bytes of a bucket: first its tags with their scores and times, then what else is known of each. */
const scoreBytes = (ways: number): number => ways * 24;
const sourceBytes = scoreBytes(sourceScores.ways) + sourceScores.ways * 8;
const guessBytes = rememberedGuesses * 2;
const accountBytes = scoreBytes(accountScores.ways) + accountScores.ways * (guessBytes + 1);

/** A sketch and a filter end with their day, one more than it so that nothing is no day, and with how much has been counted in them. */
const sketchBytes = passwordSketch.rows * passwordSketch.columns * 2;
const filterBytes = pairFilter.bits / 8;

export const luaTools = `local call, sub, find, rep, format, pack, parse, min, max, floor = redis.call, string.sub, string.find, string.rep, string.format, struct.pack, struct.unpack, math.min, math.max, math.floor
local function broken() error({err = 'FORMAT no evidence'}) end
local function bytes(key, size)
  local stored = call('GET', key)
  if stored and #stored ~= size then broken() end
  return stored or rep('\\0', size)
end
local function put(whole, at, part) return sub(whole, 1, at) .. part .. sub(whole, at + #part + 1) end`;

/**
 * A bucket is a string: the tags, then score and time of each. `look` answers the slot of a tag and its score; of one that is not there the lowest slot, what a
 * newcomer begins with and what it would displace. A clock that was set back lets no score grow.
 */
function luaTable(name: string, { ways, halfLifeMs, keptFrom, inheritsUpTo }: ScoreSizes, size: number, life: number, taken: string): string {
  const tags = ways * 8;
  return `local ${name} = {}
function ${name}.slot(bucket, tag)
  local at = find(bucket, tag, 1, true)
  while at and at % 8 ~= 1 do at = find(bucket, tag, at + 1, true) end
  if at and at <= ${tags} then return (at - 1) / 8 end
end
function ${name}.aged(score, time)
  if not (score >= 0) then broken() end
  if now > time then return score * 2 ^ ((time - now) / ${halfLifeMs}) end
  return score
end
function ${name}.look(bucket, slot)
  if slot then return slot, ${name}.aged(parse('<dd', bucket, ${tags + 1} + 16 * slot)) end
  local all, least = {parse('<${'dd'.repeat(ways)}', bucket, ${tags + 1})}, nil
  for each = 0, ${ways - 1} do
    local score = ${name}.aged(all[2 * each + 1], all[2 * each + 2])
    if not least or score < least then slot, least = each, score end
  end
  return slot, min(${inheritsUpTo}, least), least
end
function ${name}.set(bucket, slot, score) return put(bucket, ${tags} + 16 * slot, pack('<dd', score, now)) end
function ${name}.add(bucket, slot, tag, score, displaced, amount)
  if displaced then
    if displaced >= ${keptFrom} then return bucket end
    bucket = put(bucket, 8 * slot, tag)
    ${taken}
  end
  return ${name}.set(bucket, slot, score + amount)
end
function ${name}.read(key) return bytes(key, ${size}) end
function ${name}.write(key, bucket) call('SET', key, bucket, 'PX', ${life}) end`;
}

/** Ends with when somebody known was last there, of each entry. */
export const luaSources = (slackMs: number): string => `${luaTable('sources', sourceScores, sourceBytes, lifeMs.sources + slackMs, `bucket = put(bucket, ${scoreBytes(sourceScores.ways)} + 8 * slot, rep('\\0', 8))`)}
function sources.visits(slot) return ${scoreBytes(sourceScores.ways)} + 8 * slot end
function sources.visited(bucket, slot) return slot ~= nil and now - parse('<d', bucket, sources.visits(slot) + 1) < ${evidenceDayMs} end`;

const guessesAt = scoreBytes(accountScores.ways);
const nextAt = guessesAt + accountScores.ways * guessBytes;

/** Ends with the last wrong passwords of each entry, and with where the next one goes. */
export const luaAccounts = (slackMs: number): string => `${luaTable('accounts', accountScores, accountBytes, lifeMs.accounts + slackMs, `bucket = put(put(bucket, ${guessesAt} + ${guessBytes} * slot, rep('\\0', ${guessBytes})), ${nextAt} + slot, '\\0')`)}
function accounts.tried(bucket, slot, mark)
  local all = sub(bucket, ${guessesAt + 1} + ${guessBytes} * slot, ${guessesAt + guessBytes} + ${guessBytes} * slot)
  local at = find(all, mark, 1, true)
  while at and at % 2 == 0 do at = find(all, mark, at + 1, true) end
  return at ~= nil
end
function accounts.try(bucket, slot, mark)
  local next = string.byte(bucket, ${nextAt + 1} + slot)
  if next >= ${rememberedGuesses} then broken() end
  return put(put(bucket, ${guessesAt} + ${guessBytes} * slot + 2 * next, mark), ${nextAt} + slot, string.char((next + 1) % ${rememberedGuesses}))
end`;

/**
 * A string of one day. `ofDay.read` answers when it is of, how much has been counted and the numbers at some places of it, or nothing where it is of a day
 * before: then it counts as empty, and `begin` makes it so. No day comes back with a clock that is set back by less than one.
 */
export const luaOfDay = (slackMs: number): string => `local today, ofDay = floor(now / ${evidenceDayMs}) + 1, {}
function ofDay.places(first, count)
  local all = {}
  for each = 1, count do all[each] = tonumber(ARGV[first + each - 1]) end
  return all
end
function ofDay.read(key, width, size, places)
  local asked = {'GET', 'u32', '#' .. size / 4, 'GET', 'u32', '#' .. size / 4 + 1}
  for _, place in ipairs(places) do
    local n = #asked
    asked[n + 1], asked[n + 2], asked[n + 3] = 'GET', width, '#' .. format('%d', place)
  end
  local found = call('BITFIELD_RO', key, unpack(asked))
  if found[1] == today or found[1] == today + 1 then return found end
  local length = call('STRLEN', key)
  if length ~= 0 and (length ~= size + 8 or found[1] == 0) then broken() end
end
function ofDay.set(asked, width, place, value)
  local n = #asked
  asked[n + 1], asked[n + 2], asked[n + 3], asked[n + 4] = 'SET', width, '#' .. format('%d', place), value
end
function ofDay.begin(key, size) call('SET', key, rep('\\0', size) .. pack('>I4I4', today, 0), 'PX', ${lifeMs.ofDay + slackMs}) end
function ofDay.count(key, size, count) call('SETRANGE', key, size + 4, pack('>I4', count)) end`;

/** Names beyond the noise of all others, and the least of a password's cells: `cells` is what `ofDay.read` has answered. */
export const luaSketch = `local sketch = {}
function sketch.read(key, places) return ofDay.read(key, 'u16', ${sketchBytes}, places) end
function sketch.least(cells)
  local least = 65535
  for row = 3, ${passwordSketch.rows + 2} do least = min(least, cells[row]) end
  return least
end
function sketch.names(cells)
  if not cells then return 0 end
  return max(0, sketch.least(cells) - floor(cells[2] / ${passwordSketch.columns}))
end
function sketch.add(key, cells, places)
  if not cells then
    ofDay.begin(key, ${sketchBytes})
    cells = {today, 0${', 0'.repeat(passwordSketch.rows)}}
  end
  local next = min(65535, sketch.least(cells) + 1)
  local asked = {}
  for row, place in ipairs(places) do if cells[row + 2] < next then ofDay.set(asked, 'u16', place, next) end end
  if #asked > 0 then call('BITFIELD', key, unpack(asked)) end
  ofDay.count(key, ${sketchBytes}, cells[2] + 1)
end`;

/**
 * `add` answers true for a pair that is new today, `has` for one that is not. Once half of the bits are set, every pair is new. `mark` answers where something
 * else that is known of a pair has its bits.
 */
export const luaFilter = `local filter = {}
function filter.read(key, places) return ofDay.read(key, 'u1', ${filterBytes}, places) end
function filter.mark(places, nth)
  local all = {}
  for each, place in ipairs(places) do all[each] = (place + nth * ${bitsApart}) % ${pairFilter.bits} end
  return all
end
function filter.counted(hoursBefore) return ${pairMarks.countedAt} - hoursBefore + floor((now % ${evidenceDayMs}) / ${evidenceHourMs}) end
function filter.has(bits)
  if not bits or bits[2] >= ${pairFilter.bits / 2} then return false end
  for each = 3, ${pairFilter.hashes + 2} do if bits[each] == 0 then return false end end
  return true
end
function filter.add(key, bits, places)
  local set = bits and bits[2] or 0
  if set >= ${pairFilter.bits / 2} then return true end
  if not bits then ofDay.begin(key, ${filterBytes}) end
  local asked = {}
  for each, place in ipairs(places) do if not bits or bits[each + 2] == 0 then ofDay.set(asked, 'u1', place, 1) end end
  if #asked == 0 then return false end
  for _, was in ipairs(call('BITFIELD', key, unpack(asked))) do set = set + 1 - was end
  ofDay.count(key, ${filterBytes}, set)
  return true
end`;

const { rateHalfLifeMs, prior, least, most, block, memoryMs, patienceMs, quietestMs, warmUpMs, warmUpSignIns } = surgeMeasure;

function luaCusum(name: string, { factor, threshold }: SurgeTest): string {
  return `local ${name} = {}
function ${name}.on() return ${name}.sum >= (${name}.told == 1 and ${threshold / 4} or ${threshold}) end
function ${name}.wait(lasting, all)
  local expected = lasting
  if ${name}.on() then expected = all end
  ${name}.sum = max(0, ${name}.sum - ${factor - 1} * expected)
end
function ${name}.add() ${name}.sum = min(${1.5 * threshold}, ${name}.sum + ${Math.log(factor)}) end
function ${name}.takeBack() if not ${name}.on() then ${name}.sum = max(0, ${name}.sum - ${Math.log(factor)}) end end
function ${name}.change()
  local is = ${name}.on() and 1 or 0
  if is == ${name}.told then return 0 end
  ${name}.told = is
  return 2 - is
end`;
}

/** What is stored of it, in this order, as doubles. */
const stateNames = ['seen', 'at', 'rate', 'share', 'shareOfAll', 'signIns', 'blocks', 'since', 'blockSignIns', 'lasting', 'all', 'surging'].map((name) => `state.${name}`).concat('fast.sum', 'fast.told', 'slow.sum', 'slow.told');

/**
 * The state of all: the usual rate of strangers' failures, and the two tests for a change of it. Moved on to now by being read. A server's clock that was a year
 * ahead for a moment must not stop it for a year: what is of more than a day ahead is of now.
 */
export const luaState = (slackMs: number): string => `${luaCusum('fast', surgeTest)}
${luaCusum('slow', slowSurgeTest)}
local state = {seen = 0, at = now, rate = 0, share = ${prior}, shareOfAll = ${prior}, signIns = 0, blocks = 0, since = 0, blockSignIns = 0, lasting = 0, all = 0, surging = -1}
local function note()
  if not fast.on() and not slow.on() then state.surging = -1
  elseif state.surging < 0 then state.surging = state.seen end
end
function state.read()
  local stored = call('GET', KEYS[1])
  fast.sum, fast.told, slow.sum, slow.told = 0, 0, 0, 0
  if not stored then return end
  if #stored ~= ${8 * stateNames.length} then broken() end
  ${stateNames.join(', ')} = parse('<${'d'.repeat(stateNames.length)}', stored)
  local sum = 1 + ${stateNames.join(' + ')}
  if not (sum >= 0 and sum < 1e300) then broken() end
  local past = now - state.at
  state.at = now
  if past <= 0 then return end
  state.seen = state.seen + past
  local lasting, all = past * max(state.share * state.rate, ${1 / quietestMs}), past * max(state.shareOfAll * state.rate, ${1 / quietestMs})
  state.rate = state.rate * 2 ^ (-past / ${rateHalfLifeMs})
  fast.wait(lasting, all)
  slow.wait(lasting, all)
  note()
end
function state.write()
  call('SET', KEYS[1], pack('<${'d'.repeat(stateNames.length)}', ${stateNames.join(', ')}), 'PX', ${lifeMs.state + slackMs})
end
function state.surge()
  return fast.on() and state.seen >= ${warmUpMs} and state.signIns >= ${warmUpSignIns}
end
function state.failed()
  state.lasting = state.lasting + 1
  state.all = state.all + 1
  fast.add()
  slow.add()
  note()
  return not fast.on()
end
function state.madeGood()
  state.lasting = state.lasting - 1
  fast.takeBack()
  slow.takeBack()
  note()
end
function state.signedIn()
  state.rate = state.rate + ${Math.LN2 / rateHalfLifeMs}
  state.signIns = state.signIns + 1
  state.blockSignIns = state.blockSignIns + 1
  if state.blockSignIns < ${block} then return end
  if state.surging < 0 or state.seen - state.surging >= ${patienceMs} then
    local weight = max(min(1, (state.seen - state.since) / ${memoryMs}), 1 / (state.blocks + 3))
    local function learned(share, failures) return min(${most}, max(${least}, share + weight * (failures / state.blockSignIns - share))) end
    state.share, state.shareOfAll = learned(state.share, state.lasting), learned(state.shareOfAll, state.all)
    state.blocks = state.blocks + 1
  end
  state.since, state.blockSignIns, state.lasting, state.all = state.seen, 0, 0, 0
end`;
