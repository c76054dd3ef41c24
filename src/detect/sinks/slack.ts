import { systemClock } from '../../kernel/clock.ts';
import type { KeyRing } from '../../kernel/keys.ts';
import { callback, optional, port, readOptions } from '../../kernel/options.ts';
import { sinkName } from '../../kernel/sink-name.ts';
import type { AlarmSink } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import { fetchPost, requireTaken, undiciPost, type AlarmFetch } from './post.ts';
import { slackMessage } from './slack-message.ts';
import { createView, viewOptions } from './view.ts';
import { webhookUrl } from './webhook-url.ts';
import { userAgent } from './webhook.ts';

export interface SlackSinkOptions {
  /** The address of an incoming webhook. It is a secret: who has it can post. */
  readonly url: string;
  /** Digests the alarm's id. Required without `reveal`. */
  readonly keys?: KeyRing;
  /** Shows networks, account ids and causes. Default false: figures alone. */
  readonly reveal?: boolean;
  /** For a proxy or certificates of your own. Default: undici. */
  readonly fetch?: AlarmFetch;
  /** Names the sink in `alarm.sink-failed`. Default `slack`. */
  readonly name?: string;
  readonly clock?: Clock;
}

/** The defaults of {@link slackSink}. */
export const slackSinkDefaults = Object.freeze({ reveal: false, name: 'slack' });

/**
 * A sink for Slack, and what takes messages of its form (`text` and `blocks`). Nothing in a message can format it, link or
 * call anybody. Throws ERR_CONFIG here; `send` rejects with an error that says whether to try again.
 */
export function slackSink(options: SlackSinkOptions): AlarmSink {
  const { url, fetch, name, clock, ...view } = readOptions('slackSink', options, {
    url: webhookUrl,
    ...viewOptions,
    fetch: optional(callback<AlarmFetch>()),
    name: sinkName(slackSinkDefaults.name),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });
  const viewOf = createView('slackSink', view);
  const post = fetch === undefined ? undiciPost() : fetchPost(fetch);
  return Object.freeze({
    name,
    async send(alarm, signal) {
      const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
      const body = JSON.stringify(slackMessage(viewOf(alarm)));
      requireTaken(await post({ url, headers, body, signal }), clock.nowMs());
    },
  } satisfies AlarmSink);
}
