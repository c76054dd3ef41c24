import type { AuditWhatIfResult, WhatIfEntry, WhatIfVerdict } from '../audit/index.ts';
import { safeLine } from './safe-text.ts';
import { counted, grouped, share } from './table.ts';

export interface Advice {
  readonly text: string;
  /** Whether it is about people who got in. */
  readonly harm: boolean;
}

/** What a guard may cost in peace: of 2,000 sign-ins one right password turned away, of 100 one asked for more. */
const mostRefused = 0.0005;
const mostAsked = 0.01;

/** The figures in plain words, and what to do. */
export function adviceOf(found: AuditWhatIfResult): readonly Advice[] {
  const observed = found.rules.reduce((sum, rule) => sum + rule.observed, 0);
  const enforced = found.rules.reduce((sum, rule) => sum + rule.enforced, 0);
  const plain = (text: string): Advice => ({ text, harm: false });
  const carriedOut = enforced === 0 ? [] : [plain(`${counted(enforced, 'decision')} ${enforced === 1 ? 'was carried out: it is' : 'were carried out: they are'} in the table "Why", and in no other figure.`)];
  if (observed === 0) return [plain(nothingObserved(found, enforced)), ...carriedOut];
  return [...refusedWords(found), ...askedWords(found), ...crowdWords(found), ...carriedOut, ...nextWords(found)];
}

function nothingObserved({ signIns }: AuditWhatIfResult, enforced: number): string {
  const seen = signIns.attempts === 0 ? 'The log has no sign-in in that time' : `${counted(signIns.attempts, 'attempt')} to sign in`;
  if (enforced > 0) return `${seen}, and no guard that only observed: set limits.mode or loginGuard.mode to 'observe' to try one out.`;
  return `${seen}, and nothing that was only observed. Either no guard had anything to say, or none was in observe mode: limits.mode and loginGuard.mode.`;
}

function refusedWords(found: AuditWhatIfResult): readonly Advice[] {
  const { signIns, refuse } = found;
  if (refuse.attempts === 0) return [{ text: 'Nobody would have been turned away from the sign-in.', harm: false }];
  return [
    { text: `${share(refuse.attempts, signIns.attempts)} of attempts to sign in (${grouped(refuse.attempts)}) would have been turned away. Of these ${grouped(refuse.failed)} failed anyway: that is what the guard is for.`, harm: false },
    ...whoGotIn(found, 'refuse', `${grouped(gotIn(found, 'refuse'))} of them got in`),
  ];
}

function askedWords(found: AuditWhatIfResult): readonly Advice[] {
  const { signIns, stepUp: { attempts, askedAnyway } } = found;
  if (attempts === 0) return [{ text: 'Nobody would have been asked for more than a password.', harm: false }];
  return [
    { text: `${share(attempts, signIns.attempts)} of attempts to sign in (${grouped(attempts)}) would have been asked for more than a right password: a second factor, or a mailed link. Where challenge.strangers is 'none', they would have been refused.`, harm: false },
    ...(askedAnyway === 0 ? [] : [{ text: `${grouped(askedAnyway)} of them showed a second factor or a mailed link all the same: nothing would have changed for them.`, harm: false }]),
    ...whoGotIn(found, 'step-up', `${grouped(gotIn(found, 'step-up'))} of them got in by the password alone`),
  ];
}

/** Owners or thieves? The log does not know. Where it is many who fail, it is the thieves whom the guard is for. */
function whoGotIn(found: AuditWhatIfResult, verdict: WhatIfVerdict, start: string): readonly Advice[] {
  const all = gotIn(found, verdict);
  const thieves = likelyThieves(found, verdict);
  if (all === 0) return [];
  const parts = [
    ...(thieves === 0 ? [] : [`${grouped(thieves)} from a network where at least ${crowdOfFailures} times as many failed (a thief, more likely)`]),
    ...(thieves === all ? [] : [`${grouped(all - thieves)} from elsewhere (an owner, more likely, who would have had to ${verdict === 'refuse' ? 'come back later' : 'show more'})`]),
  ];
  return [{ text: `${start}: ${parts.join(', ')}.`, harm: true }];
}

const crowdOfFailures = 4;

function likelyThieves({ entered }: AuditWhatIfResult, verdict: WhatIfVerdict): number {
  return entered.filter((entry) => entry.verdict === verdict && isHarm(entry) && (entry.networkFailed ?? 0) >= crowdOfFailures * Math.max(1, entry.networkEntered ?? 1)).length;
}

function gotIn({ refuse, stepUp }: AuditWhatIfResult, verdict: WhatIfVerdict): number {
  return verdict === 'refuse' ? refuse.entered + refuse.askedAnyway : stepUp.entered;
}

/** Many people at one network look like one attacker. */
function crowdWords({ entered, enteredCount }: AuditWhatIfResult): readonly Advice[] {
  const crowds = new Map<string, { readonly at: string; readonly accounts: Set<string> }>();
  for (const { network, networkTag = '', account } of entered.filter(isHarm)) {
    if (network === undefined || account === undefined) continue;
    const crowd = crowds.get(networkTag) ?? { at: `${safeLine(network)} (${safeLine(networkTag)})`, accounts: new Set<string>() };
    crowds.set(networkTag, crowd);
    crowd.accounts.add(account);
  }
  const [largest] = [...crowds.values()].sort((one, other) => other.accounts.size - one.accounts.size);
  if (largest === undefined || largest.accounts.size < 2) return [];
  const first = enteredCount > entered.length ? `Of the first ${grouped(entered.length)}, ` : '';
  return [{ text: `${first}${grouped(largest.accounts.size)} accounts got in from one network, ${largest.at}: an office, or what an attacker has opened.`, harm: true }];
}

function isHarm({ verdict, askedAnyway }: WhatIfEntry): boolean {
  return verdict === 'refuse' || !askedAnyway;
}

function nextWords(found: AuditWhatIfResult): readonly Advice[] {
  const owners = (verdict: WhatIfVerdict): number => gotIn(found, verdict) - likelyThieves(found, verdict);
  const all = found.signIns.attempts;
  if (owners('refuse') > mostRefused * all) return [{ text: 'Before you enforce: look who got in. If they are owners, raise the limit that the table "Why" names, or find out why they share a network (a proxy that is not trusted?).', harm: true }];
  if (owners('step-up') > mostAsked * all) return [{ text: 'Before you enforce: look who got in. If they are owners, see that challenge.strangers lets them have a mailed link, and why their browsers are not known.', harm: true }];
  return [{ text: "This is little enough to enforce: leave out mode: 'observe'.", harm: false }];
}
