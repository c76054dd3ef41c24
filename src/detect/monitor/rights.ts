import type { Entry } from './entries.ts';
import { monthMs, ripeRights, type Places, type Right } from './places.ts';
import type { Subject } from './read-event.ts';
import type { Register } from './register.ts';
import type { StrangerShare } from './strangers.ts';
import type { MonitorTime } from './time.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
const waitMs = Object.freeze({ 'second-factor': 5 * minuteMs, 'mailed-link': 10 * minuteMs });
/** More for each account that is known at the network. */
const forKnown = 0.5;
/**
 * So many strangers from one network, and nobody else, are no chance: the log of the likelihood ratio, where nearly all who come with a list are
 * strangers and of the site's own people only some (Wald 1945). At 10 % of strangers these are three, at 30 % six, on the first day fourteen.
 */
const enteredThreshold = 6.5;
const strangersOfList = 0.95;
const fewestEntered = 3;
const fewestAsked = 2;
/** What was asked for and not given is rarer by far than a stranger: two, up to 30 % of them. */
const shareOfChance = Object.freeze({ [fewestEntered]: 1, [fewestAsked]: 0.35 });
const mostWaiting = 1_024;

export interface RightsParts {
  readonly register: Register;
  readonly places: Places;
  readonly strangers: StrangerShare;
}

/** Right passwords of strangers, counted by network: the one thing that shows a thief who has a list that is right. */
export interface Rights {
  /** A right password that was asked for more, or that is in a leak. */
  asked(subject: Subject, how: 'second-factor' | 'mailed-link' | 'leaked', now: MonitorTime): void;
  /** Came in by the password alone. */
  entered(subject: Subject, entry: Entry, now: MonitorTime): void;
  /** Looks at what was asked for and has not been given in time. */
  sweep(now: MonitorTime): void;
  readonly isWaiting: () => boolean;
}

export function createRights({ register, places, strangers }: RightsParts): Rights {
  const waiting: { readonly network: string; readonly ripeMs: number }[] = [];

  function add(subject: Subject, right: Omit<Right, 'mark'>, now: MonitorTime): string | undefined {
    const { network, accountMark } = subject;
    if (network === undefined || accountMark === undefined || places.isFamiliar(network.key, accountMark, now.monotonicMs)) return undefined;
    places.addRight(network.key, { ...right, mark: accountMark }, now.monotonicMs);
    return network.key;
  }

  const { judgeAsked, judgeEntered } = createJudges({ register, places, strangers });

  return {
    asked(subject, how, now) {
      const { network, accountId, accountMark: mark } = subject;
      if (network === undefined || accountId === undefined || mark === undefined) return;
      const account = Object.freeze({ accountId, atMs: now.wallMs, source: network.key, knownDevice: false, passwordOnly: true });
      const ripeMs = now.monotonicMs + (how === 'leaked' ? 0 : waitMs[how]);
      const key = add(subject, { entry: { account, mark, rollUp: network.rollUp, monotonicMs: now.monotonicMs }, how: how === 'leaked' ? 'leaked' : 'asked', ripeMs }, now);
      if (key === undefined) return;
      if (ripeMs > now.monotonicMs) {
        waiting.push({ network: key, ripeMs });
        if (waiting.length > mostWaiting) waiting.shift();
        return;
      }
      judgeAsked(key, now);
      judgeEntered(key, now);
    },
    entered(subject, entry, now) {
      const key = add(subject, { entry, how: 'entered', ripeMs: now.monotonicMs }, now);
      if (key !== undefined) judgeEntered(key, now);
    },
    sweep(now) {
      const due = waiting.filter(({ ripeMs }) => ripeMs <= now.monotonicMs);
      if (due.length === 0) return;
      const later = waiting.filter(({ ripeMs }) => ripeMs > now.monotonicMs);
      waiting.splice(0, waiting.length, ...later);
      for (const { network } of due) {
        judgeAsked(network, now);
        judgeEntered(network, now);
      }
    },
    isWaiting: () => waiting.length > 0,
  };
}

/** When the right passwords of a network are too many. */
function createJudges({ register, places, strangers }: RightsParts) {
  function thresholdOf(fewest: typeof fewestEntered | typeof fewestAsked, network: string, nowMs: number): number {
    const byChance = enteredThreshold / Math.log(strangersOfList / strangers.share());
    return Math.max(fewest, byChance * shareOfChance[fewest]) + forKnown * places.knownAt(network, nowMs);
  }

  function judgeAsked(network: string, now: MonitorTime): void {
    const { monotonicMs: nowMs } = now;
    const place = places.find(network);
    const found = ripeRights(place, ['asked', 'leaked'], nowMs - monthMs, nowMs);
    const entered = ripeRights(place, ['entered'], nowMs - monthMs, nowMs).length;
    const from = thresholdOf(fewestAsked, network, nowMs) + forKnown * entered;
    if (found.length >= from) sign('leaked-passwords', network, found, from, now);
  }

  function judgeEntered(network: string, now: MonitorTime): void {
    const { monotonicMs: nowMs } = now;
    const found = ripeRights(places.find(network), ['entered', 'asked', 'leaked'], nowMs - dayMs, nowMs);
    const from = thresholdOf(fewestEntered, network, nowMs);
    if (found.length >= from) sign('many-accounts', network, found, from, now);
  }

  function sign(kind: 'leaked-passwords' | 'many-accounts', network: string, found: readonly Right[], threshold: number, now: MonitorTime): void {
    const news = register.isOn(kind, network) ? found.slice(-1) : found;
    register.sign({
      kind, cause: network, sources: [network], sinceMs: found[0]?.entry.monotonicMs ?? now.monotonicMs, count: news.length,
      accountIds: news.map(({ entry }) => entry.account.accountId), marks: news.map(({ mark }) => mark),
      entries: found.filter(({ how }) => how === 'entered').map(({ entry }) => entry),
      evidence: { rightPasswords: found.length, threshold: Math.ceil(threshold), asked: found.filter(({ how }) => how !== 'entered').length },
    }, now);
  }

  return { judgeAsked, judgeEntered };
}
