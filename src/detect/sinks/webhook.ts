import { systemClock } from '../../kernel/clock.ts';
import type { KeyRing } from '../../kernel/keys.ts';
import { callback, optional, port, readOptions } from '../../kernel/options.ts';
import { systemRandom } from '../../kernel/random.ts';
import { sinkName } from '../../kernel/sink-name.ts';
import type { Alarm, AlarmSink } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RandomSource } from '../../ports/random.ts';
import { fetchPost, requireTaken, undiciPost, type AlarmFetch } from './post.ts';
import { signedHeaders, webhookSecrets } from './signature.ts';
import { createView, viewOptions } from './view.ts';
import { webhookUrl } from './webhook-url.ts';

export interface WebhookSinkOptions {
  /** Where to post to: https, or http to this machine. */
  readonly url: string;
  /** What messages are signed with, newest first: `whsec_` and the base64 of 24 to 64 random bytes. Several while you rotate them. */
  readonly secrets: readonly string[];
  /** Seals networks and digests accounts. Required without `reveal`. */
  readonly keys?: KeyRing;
  /** Sends networks, account ids and causes in the clear. Default false. */
  readonly reveal?: boolean;
  /** For a proxy or certificates of your own. Default: undici. */
  readonly fetch?: AlarmFetch;
  /** Names the sink in `alarm.sink-failed`. Default `webhook`. */
  readonly name?: string;
  readonly clock?: Clock;
  readonly random?: RandomSource;
}

/** The defaults of {@link webhookSink}. */
export const webhookSinkDefaults = Object.freeze({ reveal: false, name: 'webhook' });

export const userAgent = 'portcullis';

/**
 * A sink that posts each alarm as JSON, `{ type: 'portcullis.alarm', timestamp, data }`, signed by Standard Webhooks 1.0.
 * `data` is an {@link AlarmView}. The id of a message is the same however often it is tried; a newer state of an alarm is
 * another message, with the same `data.id`. Throws ERR_CONFIG here; `send` rejects with an error that says whether to try again.
 * Source: standardwebhooks.com; ASVS 5.0 12.3.1, 13.2.4, 15.3.2.
 */
export function webhookSink(options: WebhookSinkOptions): AlarmSink {
  const { url, secrets, fetch, name, clock, random, ...view } = readOptions('webhookSink', options, {
    url: webhookUrl,
    secrets: webhookSecrets,
    ...viewOptions,
    fetch: optional(callback<AlarmFetch>()),
    name: sinkName(webhookSinkDefaults.name),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
  });
  const viewOf = createView('webhookSink', view);
  const post = fetch === undefined ? undiciPost() : fetchPost(fetch);
  // The sender hands in the same object each time that it tries: sealed anew, it would be another message.
  const written = new WeakMap<Alarm, { readonly id: string; readonly body: string }>();

  function messageOf(alarm: Alarm): { readonly id: string; readonly body: string } {
    const data = viewOf(alarm);
    return { id: `msg_${random(16).toString('base64url')}`, body: JSON.stringify({ type: 'portcullis.alarm', timestamp: data.last, data }) };
  }

  return Object.freeze({
    name,
    async send(alarm, signal) {
      const message = written.get(alarm) ?? messageOf(alarm);
      written.set(alarm, message);
      const headers = { 'content-type': 'application/json', 'user-agent': userAgent, ...signedHeaders(secrets, { ...message, nowMs: clock.nowMs() }) };
      requireTaken(await post({ url, headers, body: message.body, signal }), clock.nowMs());
    },
  } satisfies AlarmSink);
}
