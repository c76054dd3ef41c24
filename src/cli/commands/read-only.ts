import { Option } from 'commander';
import type { ReadOnlyScope, ReadOnlyStrictness, ReadOnlySwitch } from '../../read-only/index.ts';
import type { AddCommand } from '../act.ts';
import { partOf } from '../parts.ts';
import { present } from '../present.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { duration, filled, shownDuration, shownTime } from '../values.ts';

interface ScopeOptions {
  readonly organization?: string;
  readonly user?: string;
}

interface OnOptions extends ScopeOptions {
  readonly level: ReadOnlyStrictness;
  readonly reason?: string;
  readonly for?: number;
}

const scopeOptions = (): readonly Option[] => [
  new Option('--organization <id>', 'the members of one organization (default: everyone)').argParser(filled).conflicts('user'),
  new Option('--user <id>', 'one account').argParser(filled),
];

export const addReadOnly: AddCommand = (program, act) => {
  const command = program.command('read-only').description('let people read and not write');
  const on = command
    .command('on')
    .description('switch it on, or change it')
    .addOption(new Option('--level <level>', 'sensitive: exports and the like; writes: all that changes something; all: everything but the exempt').choices(['sensitive', 'writes', 'all']).default('writes'))
    .option('--reason <text>', 'one line, which users see')
    .option('--for <time>', 'switch it off after 30m, 2h, 7d (default: it stays until "off")', duration);
  for (const option of scopeOptions()) on.addOption(option);
  on.action(act(switchOn));
  const off = command.command('off').description('lift it: of everyone, or of one organization or account');
  for (const option of scopeOptions()) off.addOption(option);
  off.action(act(switchOff));
  command.command('status').description('who may not write, why and until when').action(act(status));
};

async function switchOn({ open, confirm, answer, by, nowMs }: Session, { level, for: forMs, ...options }: OnOptions): Promise<Outcome> {
  const scope = scopeOf(options);
  const reason = await answer(options.reason, { flag: '--reason', question: 'Reason, one line, which users see: ' });
  const readOnly = partOf(await open(), 'readOnly');
  if (scope.kind === 'everyone') await confirm({ word: 'read-only', what: `This makes the app read-only (${level}) for everyone${forMs === undefined ? '' : ` for ${shownDuration(forMs)}`}.` });
  const made = await readOnly.set({ level, scope, reason, by, ...present({ forMs }) });
  return { text: `Read-only: ${shownSwitch(made, nowMs())}\nEvery process knows within a second.`, json: { switch: made } };
}

async function switchOff({ open, confirm, by }: Session, options: ScopeOptions): Promise<Outcome> {
  const scope = scopeOf(options);
  const readOnly = partOf(await open(), 'readOnly');
  if (scope.kind === 'everyone') await confirm({ word: 'off', what: 'This lets everyone write again, the attackers too if they are still in.' });
  const lifted = await readOnly.lift({ scope, by });
  const left = await readOnly.status();
  const others = left.length === 0 ? '' : `\nStill on: ${left.map((each) => `${each.level} for ${shownScope(each.scope)}`).join(', ')}.`;
  return { text: `${lifted ? 'Lifted' : 'It was not on'} for ${shownScope(scope)}.${others}`, json: { lifted, switches: left } };
}

async function status({ open, nowMs }: Session): Promise<Outcome> {
  const switches = await partOf(await open(), 'readOnly').status();
  return { text: shownSwitches(switches, nowMs()), json: { switches } };
}

function scopeOf({ organization, user }: ScopeOptions): ReadOnlyScope {
  if (organization !== undefined) return { kind: 'organization', id: organization };
  return user === undefined ? { kind: 'everyone' } : { kind: 'user', id: user };
}

function shownScope(scope: ReadOnlyScope): string {
  return scope.kind === 'everyone' ? 'everyone' : `${scope.kind} ${safeLine(scope.id)}`;
}

function shownSwitch({ level, scope, reason, by, sinceMs, untilMs }: ReadOnlySwitch, nowMs: number): string {
  const end = untilMs === undefined ? 'until it is lifted' : `until ${shownTime(untilMs)} (${shownDuration(untilMs - nowMs)} left)`;
  return `${level} for ${shownScope(scope)}, since ${shownTime(sinceMs)} (${shownDuration(nowMs - sinceMs)}), ${end}, by ${safeLine(by)}: ${safeLine(reason)}`;
}

export function shownSwitches(switches: readonly ReadOnlySwitch[], nowMs: number): string {
  return switches.length === 0 ? 'off' : switches.map((each) => shownSwitch(each, nowMs)).join('\n');
}
