import { pairFilter, passwordSketch } from '../../kernel/evidence.ts';
import { pairMarks } from '../../kernel/evidence-tags.ts';
import { luaAccounts, luaFilter, luaOfDay, luaSketch, luaSources, luaState, luaTools } from './evidence-lua.ts';
import { readTime, scriptOf, slackMs, type Script, type TimeSource } from './scripts.ts';

// One script for each thing that can happen. The first key is always the state of all.

export interface EvidenceScripts {
  readonly reserve: Script;
  readonly failed: Script;
  readonly corrected: Script;
  readonly passed: Script;
}

const tagAt = (at: number): string => `pack('<I4I4', ARGV[${at}], ARGV[${at + 1}])`;

/**
 * Keys: state, account, sketch, network if there is one. Arguments: the account's tag, 1 where it exists, the mark of the password (0: none), its cells, what
 * the attempt counts, the network's tag. Answers 1 for a repeated password, 1 for a surge, 1 for a network that is shared, the names at which the password has
 * failed, the scores of network and account.
 */
const reserve = `
local who, exists, mark, cell = ${tagAt(1)}, ARGV[3] == '1', tonumber(ARGV[4]), 5
local weightAt = cell + ${passwordSketch.rows}
state.read()
local account = accounts.read(KEYS[2])
local known = accounts.slot(account, who)
local slot, score, displaced = accounts.look(account, known)
local names, isRepeat = 0, false
if mark > 0 then
  names = sketch.names(sketch.read(KEYS[3], ofDay.places(cell, ${passwordSketch.rows})))
  isRepeat = exists and known ~= nil and accounts.tried(account, known, pack('<I2', mark))
end
local shared, has = false, 0
local source, changed
if KEYS[4] then
  local from, at, gone = pack('<I4I4', ARGV[weightAt + 1], ARGV[weightAt + 2])
  source = sources.read(KEYS[4])
  at = sources.slot(source, from)
  shared = sources.visited(source, at)
  at, has, gone = sources.look(source, at)
  local amount = tonumber(ARGV[weightAt])
  changed = amount > 0 and sources.add(source, at, from, has, gone, amount) or source
end
local surge = state.surge()
state.write()
if changed ~= source then sources.write(KEYS[4], changed) end
if mark > 0 and exists and not isRepeat then
  changed = accounts.add(account, slot, who, score, displaced, 1)
  if changed ~= account then accounts.write(KEYS[2], changed) end
end
return {isRepeat and 1 or 0, surge and 1 or 0, shared and 1 or 0, names, format('%.17g', has), format('%.17g', score)}`;

/** What a script of a settlement ends with: what has changed of the surge and of the slow one. 0 nothing, 1 it began, 2 it ended. */
const news = `
local surge, slowSurge = fast.change(), slow.change()
state.write()
return {surge, slowSurge}`;

/** Keys: state, account, sketch, filter. Arguments: the account's tag, 1 where it exists, the mark of the password, its cells, the bits of it and the name, those of the network and the name. */
const failed = `
local mark, cells = pack('<I2', ARGV[4]), ofDay.places(5, ${passwordSketch.rows})
local guess, pair = ofDay.places(${5 + passwordSketch.rows}, ${pairFilter.hashes}), ofDay.places(${5 + passwordSketch.rows + pairFilter.hashes}, ${pairFilter.hashes})
state.read()
local account, known, isRepeat
if ARGV[3] == '1' then
  account = accounts.read(KEYS[2])
  known = accounts.slot(account, ${tagAt(1)})
  isRepeat = known and accounts.tried(account, known, mark)
  if known and not isRepeat then account = accounts.try(account, known, mark) end
end
local counts, bits = sketch.read(KEYS[3], cells), filter.read(KEYS[4], guess)
if known and not isRepeat then accounts.write(KEYS[2], account) end
if filter.add(KEYS[4], bits, guess) then sketch.add(KEYS[3], counts, cells) end
if filter.add(KEYS[4], filter.read(KEYS[4], pair), pair) and state.failed() then
  local counted = filter.mark(pair, filter.counted(0))
  filter.add(KEYS[4], filter.read(KEYS[4], counted), counted)
end${news}`;

/**
 * Keys: state, account, the network if there is one, and the filter where somebody came in from it. Arguments: the account's tag, what is taken back of its
 * score, what is taken back of the network's, the network's tag, the bits of it and the name.
 */
const corrected = `
state.read()
local account, known
account = accounts.read(KEYS[2])
known = accounts.slot(account, ${tagAt(1)})
if known then
  local _, score = accounts.look(account, known)
  account = accounts.set(account, known, max(0, score - ARGV[3]))
end
local source, changed
if KEYS[3] then
  local from, amount = ${tagAt(5)}, tonumber(ARGV[4])
  source = sources.read(KEYS[3])
  local at = sources.slot(source, from)
  local _, score = sources.look(source, at)
  changed = source
  if at then changed = sources.set(source, at, max(0, score - amount)) end
end
local isMadeGood, good = false
if KEYS[4] then
  local pair = ofDay.places(7, ${pairFilter.hashes})
  local function has(places) return filter.has(filter.read(KEYS[4], places)) end
  good = filter.mark(pair, ${pairMarks.madeGood})
  isMadeGood = has(pair) and (has(filter.mark(pair, filter.counted(0))) or has(filter.mark(pair, filter.counted(1))))
end
if known then accounts.write(KEYS[2], account) end
if changed ~= source then sources.write(KEYS[3], changed) end
if isMadeGood and filter.add(KEYS[4], filter.read(KEYS[4], good), good) then state.madeGood() end${news}`;

/** Keys: state, the network of a known browser if there is one. Arguments: 1 where a known browser came in, else only time has passed; the network's tag. */
const passed = `
state.read()
if KEYS[2] then
  local source = sources.read(KEYS[2])
  local at = sources.slot(source, ${tagAt(2)})
  if at then sources.write(KEYS[2], put(source, sources.visits(at), pack('<d', now))) end
end
if ARGV[1] == '1' then state.signedIn() end${news}`;

export function evidenceScriptsFor(from: TimeSource): EvidenceScripts {
  const slack = slackMs[from];
  const [state, sources, accounts, day] = [luaState(slack), luaSources(slack), luaAccounts(slack), luaOfDay(slack)];
  const made = (...parts: readonly string[]): Script => scriptOf([readTime[from], luaTools, ...parts].join('\n'));
  return {
    reserve: made(state, sources, accounts, day, luaSketch, reserve),
    failed: made(state, accounts, day, luaSketch, luaFilter, failed),
    corrected: made(state, sources, accounts, day, luaFilter, corrected),
    passed: made(state, sources, passed),
  };
}
