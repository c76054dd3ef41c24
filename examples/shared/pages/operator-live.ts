import type { Answer } from '../answers.ts';
import { pathPart } from '../input.ts';
import { alarmOfKey, beginningOf, enteredAccounts, pictureOf } from '../live/picture.ts';
import { watchOf } from '../live/watching.ts';
import { publicReasons } from '../live/words.ts';
import { memberOf } from '../members.ts';
import { maxAccounts } from '../operator-input.ts';
import { containPage } from '../views/operator-contain.ts';
import { livePage } from '../views/operator-live.ts';
import { messagePage } from '../views/message.ts';
import type { Page } from '../visit.ts';
import { addressIn, type OperatorParts } from './operator.ts';

const streamType = 'text/event-stream; charset=utf-8';
/** A proxy that gathers what it passes on would bring the pictures late. */
const streamHeaders = { 'X-Accel-Buffering': 'no' };

/** What goes on at the doors, as it goes on, and the way from an alarm to its containment. Behind the gates of operators. */
export function livePages({ portcullis, context, live }: OperatorParts): Readonly<Record<'page' | 'stream' | 'contain', Page>> {
  const { monitor } = portcullis;
  return {
    page(visit) {
      const snapshot = monitor.snapshot();
      return { json: snapshot, page: livePage({ user: memberOf(visit), picture: pictureOf(snapshot, addressIn(context)) }) };
    },
    stream(visit): Answer {
      // HEAD asks what would come, and reads nothing of it.
      if (visit.method !== 'GET') return { headers: streamHeaders, type: streamType, text: '' };
      const stream = live.open({ accountId: memberOf(visit).id, mayWatch: watchOf(visit, portcullis, context) });
      return stream === undefined ? tooMany() : { headers: streamHeaders, type: streamType, stream };
    },
    contain(visit) {
      const user = memberOf(visit);
      const alarm = alarmOfKey(monitor.snapshot(), pathPart(visit, 'key'));
      if (alarm === undefined) {
        const problem = 'This alarm is not known any more: the app was started anew, or it is long over. Please fill in what you know.';
        return { status: 404, json: { error: 'not found' }, page: containPage({ user, problems: [problem] }) };
      }
      const entered = enteredAccounts(alarm);
      // Whoever signs in at night, from a browser of that night, is listed as well. They know that it was they.
      const accounts = entered.filter((id) => id !== user.id).slice(0, maxAccounts).map(addressIn(context));
      const fields = new Map([['reason', publicReasons[alarm.kind]], ['sources', alarm.sources.join('\n')], ['accounts', accounts.join('\n')], ['from', beginningOf(alarm)]]);
      return { json: Object.fromEntries(fields), page: containPage({ user, typed: (name) => fields.get(name), alarm: alarm.summary, leavesOut: entered.includes(user.id) }) };
    },
  };
}

function tooMany(): Answer {
  const page = messagePage({ title: 'Too many people watch', detail: 'The figures are on the page all the same: reload it to see the newest ones.', tone: 'bad', links: [{ href: '/operator/live', label: 'Back to the figures' }], nav: 'operator' });
  return { status: 503, headers: { 'Retry-After': '30' }, json: { error: 'too many viewers' }, page };
}
