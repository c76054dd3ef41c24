import type { AlarmView } from './view.ts';
import { factsOf, titleOf } from './words.ts';

interface SlackText {
  readonly type: 'mrkdwn' | 'plain_text';
  readonly text: string;
  /** No links, channels or people are made out of plain words. */
  readonly verbatim?: true;
  readonly emoji?: false;
}

type SlackBlock = { readonly type: 'header'; readonly text: SlackText } | { readonly type: 'section'; readonly text?: SlackText; readonly fields?: readonly SlackText[] };

export interface SlackMessage {
  /** What a notification shows. */
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

/** Slack refuses a whole message for one text that is too long. Of its reference of blocks, in characters. */
const maxHeaderChars = 150;
const maxTextChars = 3_000;
const maxFieldChars = 2_000;
const maxFields = 10;

/** An alarm in the shape of Slack's Block Kit. */
export function slackMessage(view: AlarmView): SlackMessage {
  const title = titleOf(view);
  const fields = factsOf(view).map(([label, value]) => marked(`*${label}*\n${escaped(value, maxFieldChars - label.length - 3)}`));
  const sections: SlackBlock[] = [];
  for (let at = 0; at < fields.length; at += maxFields) sections.push({ type: 'section', fields: fields.slice(at, at + maxFields) });
  return {
    text: escaped(`${title}. ${view.summary}`, maxTextChars),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title.slice(0, maxHeaderChars), emoji: false } },
      { type: 'section', text: marked(escaped(view.summary, maxTextChars)) },
      ...sections,
    ],
  };
}

function marked(text: string): SlackText {
  return { type: 'mrkdwn', text, verbatim: true };
}

/**
 * Followed by a word joiner, which nobody sees, a sign is only a sign: no bold, no code, no address, no `@channel` in what takes
 * Slack's form. Not within a word, since ids and networks are copied.
 */
const signs = /(?<!\w)[@_]|_(?!\w)|[*~`]|:(?=\/\/)/g;
const wordJoiner = '\u2060';

/** At most `maxChars` after escaping, cut between two characters of the original. */
function escaped(text: string, maxChars: number): string {
  let result = '';
  for (const char of text.replace(signs, `$&${wordJoiner}`)) {
    const next = char.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;');
    if (result.length + next.length > maxChars - 1) return `${result}…`;
    result += next;
  }
  return result;
}
