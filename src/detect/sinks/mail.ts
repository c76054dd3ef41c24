import { systemClock } from '../../kernel/clock.ts';
import { withDeadline } from '../../kernel/deadline.ts';
import type { KeyRing } from '../../kernel/keys.ts';
import { callback, integer, port, readOptions, wrong, type OptionReader } from '../../kernel/options.ts';
import { sinkName } from '../../kernel/sink-name.ts';
import type { Alarm, AlarmSink } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import { createHeldAlarms } from './held-alarms.ts';
import { createMailPlaces } from './mail-places.ts';
import { mailTextOf, subjectOf, type MailParts } from './mail-message.ts';
import { urgencyOf } from './urgency.ts';
import { createView, viewOptions } from './view.ts';

/** A mail to whoever watches over the app. Plain text; the subject is one line. */
export interface AlarmMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface MailSinkOptions {
  /** Sends one mail, with your mailer. */
  readonly send: (mail: AlarmMail) => Promise<void>;
  /** One address; that of a list, for several people. */
  readonly to: string;
  /** Mails within any hour. Default 6. What is too much goes together into one mail when the hour is over. */
  readonly maxPerHour?: number;
  /** Digests the alarm's id. Required without `reveal`. */
  readonly keys?: KeyRing;
  /** Tells networks, account ids and causes. Default false: figures alone. */
  readonly reveal?: boolean;
  /** Names the sink in `alarm.sink-failed`. Default `mail`. */
  readonly name?: string;
  readonly clock?: Clock;
}

/** The defaults of {@link mailSink}. */
export const mailSinkDefaults = Object.freeze({ maxPerHour: 6, reveal: false, name: 'mail' });

/** A mail of what was held back has nobody who waits for it: this is its end. */
const lateMs = 60_000;
const againMs = 5 * 60_000;

/**
 * A sink that mails. An alarm is mailed when it is new, when its level rises and when somebody came in; its running count, and what comes after
 * `maxPerHour` mails, goes into the next mail, an hour after the first of them at the latest. Throws ERR_CONFIG here; `send`
 * rejects as yours does. A mail that takes longer than the sender's deadline may come twice.
 */
export function mailSink(options: MailSinkOptions): AlarmSink {
  const { send: sendMail, to, maxPerHour, name, clock, ...view } = readOptions('mailSink', options, {
    send: callback<MailSinkOptions['send']>(),
    to: mailAddress,
    maxPerHour: integer({ min: 1, max: 60, fallback: mailSinkDefaults.maxPerHour }),
    ...viewOptions,
    name: sinkName(mailSinkDefaults.name),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });
  const viewOf = createView('mailSink', view);
  const held = createHeldAlarms();
  const places = createMailPlaces(maxPerHour, clock);
  let armed = false;

  /** With all that was held back. The place is taken before the mail is sent, and given back where it is not. */
  async function mail(alarm: Alarm | undefined): Promise<void> {
    const giveBack = places.take();
    const taken = held.takeAll();
    try {
      const others = taken.alarms.filter(({ id }) => id !== alarm?.id);
      const parts: MailParts = { alarm: alarm && viewOf(alarm), held: others.map(viewOf), more: taken.more };
      await sendMail({ to, subject: subjectOf(parts), text: mailTextOf(parts) });
    } catch (error) {
      giveBack();
      held.putBack(taken);
      arm(againMs);
      throw error;
    }
  }

  function arm(delayMs: number): void {
    if (armed || held.isEmpty()) return;
    armed = true;
    clock.after(delayMs, () => void mailHeld(), true);
  }

  async function mailHeld(): Promise<void> {
    armed = false;
    if (held.isEmpty()) return;
    if (places.isFree(held.urgency())) await withDeadline(mail(undefined), { clock, deadlineMs: lateMs, onLate: () => new Error('late'), idle: true }).catch(() => undefined);
    arm(againMs);
  }

  return Object.freeze({
    name,
    async send(alarm) {
      if (held.isNews(alarm) && places.isFree(urgencyOf(alarm))) {
        await mail(alarm);
        held.mailed(alarm);
      } else {
        held.hold(alarm);
        arm(Math.max(againMs, places.firstFreeInMs()));
      }
    },
  } satisfies AlarmSink);
}

const mailAddress: OptionReader<string> = (given, name) => {
  // No more than keeps a header whole: whether it is one is known to whoever delivers it.
  if (typeof given !== 'string' || !/^[^\s\p{Cc},;<>@]{1,64}@[^\s\p{Cc},;<>@]{1,255}$/u.test(given)) throw wrong(name, 'one e-mail address', given);
  return given;
};
