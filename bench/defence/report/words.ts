import type { AttackerId } from '../attackers/attack.ts';

/** What a reader must know before the figures. */
export const method: readonly string[] = [
  'A site of 10,000 accounts for 28 days in virtual time: 14 quiet days, then one attacker. Every policy meets the same users and the',
  'same attacker, from the same seeds. What chance decides about a user is drawn before any policy is asked; only what a policy causes',
  'differs: retries of who was denied, passwords replaced because a step-up said that they leaked. `npm run bench:defence -- --help` says',
  'how to run a part of it; `--json FILE` writes the raw rows.',
  '',
  'A vulnerable account has no second factor and, when the attack begins, the password that the attacker will send. It is taken over',
  'where that password opens it without a step-up. A session is harmed where its right password is denied at the first try, or where a',
  'step-up is asked for. The figures are of this model and of nothing else: they compare policies with each other, and are no forecast',
  'for a real site, nor to be laid beside figures of other models. What one decision costs (CPU, round trips, time of the server) is in',
  '`bench/RESULTS.md`.',
];

/** The policies by their names in the tables. */
export const policyNotes: readonly { readonly name: string; readonly title?: string; readonly text: string }[] = [
  { name: 'default', title: 'portcullis without any list', text: 'portcullis as installed, but that no list of leaked passwords answers: what the login guard and the limits do alone' },
  { name: 'leaked', title: 'portcullis with the leaked list', text: 'portcullis as installed, where the list of leaked passwords that it asks answers' },
  { name: 'no-step-up', title: 'portcullis without mail', text: 'portcullis where no mail can be sent: what would be asked for is denied' },
  { name: 'no-cookies', title: 'portcullis without cookies', text: 'portcullis that recognizes no browser' },
  { name: 'leaked-redis', text: '`leaked` with counters and evidence in a redis-server: to decide as in memory each time. What it takes in the server is in docs/sizing.md and counts as 0 here' },
  { name: 'none', title: 'no defense', text: 'no defense' },
  { name: 'erl', title: 'express-rate-limit', text: 'express-rate-limit, its defaults: 5 requests a minute and address (IPv6 /56); encoded' },
  { name: 'rlf', title: 'rate-limiter-flexible', text: 'rate-limiter-flexible, its documented recipe for logins; the installed library runs, its timers in virtual time and as long as they say' },
  { name: 'rlfmem', title: 'rate-limiter-flexible in memory', text: 'the same as it is on its memory store under Node, where the pair limiter\'s 90 days overflow the timer and the pair is never counted to two' },
  { name: 'axes', title: 'django-axes', text: 'django-axes, its defaults: 3 failures lock an address until an administrator resets it; encoded' },
  { name: 'axes1h', title: 'django-axes, 1 h', text: 'django-axes with a cool-off of an hour; encoded' },
  { name: 'auth0', title: 'Auth0', text: 'Auth0\'s brute-force protection and suspicious IP throttling, their defaults; encoded' },
  { name: 'devise', title: 'Devise', text: 'Devise lockable, its defaults: 20 failures lock the account for an hour; encoded' },
  { name: 'f2b', title: 'fail2ban', text: 'fail2ban, the defaults of a jail: 5 failures in 10 minutes ban for 10; encoded' },
  { name: 'betterauth', title: 'better-auth', text: 'better-auth\'s built-in rule: 3 requests in 10 s; encoded' },
  { name: 'stopg', title: 'StopGuessing', text: 'StopGuessing with the defaults of its code; encoded' },
  { name: 'without-...', text: 'portcullis without one part of it; `without-...+leaked` with the list' },
  { name: '...+leaked', text: 'the same, and a right password on a list of leaked ones asks strangers for a step-up' },
];

/** What each attacker does, at 10,000 accounts. */
export const attackerNotes: readonly { readonly name: AttackerId; readonly text: string }[] = [
  { name: 'A1', text: 'guesses: the 500 most popular passwords on 20 accounts, one account after the other, 10 a second from one address; of so few accounts one or two can be taken over at all' },
  { name: 'A2', text: 'locks out: 10 random passwords an hour on each of the 200 most active users for 72 hours, from 50 residential addresses' },
  { name: 'A3', text: 'sprays fast: the 20 most popular passwords on all accounts, one a second from 5 addresses of a data center' },
  { name: 'A4', text: 'sprays slowly: one popular password a day on all accounts for 10 days, from 5,000 residential addresses' },
  { name: 'A5', text: 'stuffs leaked pairs of name and password: 20,000 in 6 hours from 20 addresses' },
  { name: 'A5s', text: 'the same, and signs in to accounts of its own between the guesses' },
  { name: 'A6', text: 'stuffs 10,000 leaked pairs, each from a residential address of its own, one a minute for 7 days' },
  { name: 'A6s', text: 'the same more slowly: pairs of known names alone, one every 5 minutes' },
  { name: 'A6u', text: 'the same at 25 a day, under what can be told from chance' },
  { name: 'A6w', text: 'A6s, and 40 sign-ins of its own after each guess, in browsers that are known; attacks only where parts are taken out' },
  { name: 'A7', text: 'stuffs 10,000 pairs in 12 hours through one IPv6 /48, each from a new /64' },
  { name: 'A8', text: 'the replay of 2019: one account entered, addresses looked up nine days later, pairs of those that exist tried after that' },
  { name: 'A9', text: 'floods with a million fresh keys, to have the blocks of others forgotten' },
  { name: 'A10', text: 'a burst: 1,000 guesses at one account at once' },
  { name: 'A11', text: 'guesses at 12 people of whom it knows something, one a day, 45 times each, from as many addresses; attacks only where parts are taken out' },
];

/** What is assumed, and whom it helps. */
export const assumptions: readonly string[] = [
  'An attacker never passes a mailed step-up. This flatters whoever asks for one: portcullis and every `+leaked`. The variants `mailbox-7` and `mailbox-25` give the attacker 7 % and 25 % of the mailboxes.',
  'Fourteen quiet days come first, which lets a policy learn. `first-hour` leaves them out.',
  'Failures of ordinary users are independent of each other. `forced-reset` sends 30 % of them through a reset in one day.',
  'Nine sessions of ten show a valid cookie, and nobody steals one; sessions, phishing and malware are outside of the model. `cookies-70` has fewer.',
  'The list of leaked passwords holds 85 % of the pairs that attackers send. `no-leaked-list` has none; `default` asks none anyway, though an installation does.',
  'A policy may let the owner of a leaked password no further without another one. That is neither a denial nor a step-up here: it stands by itself, as passwords replaced on the policy\'s word. Passwords replaced before the attack are not vulnerable in it.',
  'Ours is put together from the public pieces, without a user table, hashes and mails. `test/bench/defence-product` sends some 2,000 attempts through it and through `createPortcullis`: each comes to the same, for the same reasons. What differs: every mail arrives and no budget of mails is spent; a known browser that nothing has proven may replace a leaked password at once, where the product mails a link; in a network that is refused it cannot ask for a link, where the product lets it.',
  'Peers run without a step-up, because their defaults have none; `+leaked` shows what the list alone is worth. A browser that is known is not asked there, which is kinder to them than the peers\' own ways.',
  'A peer\'s alarm is its first refusal of a key, which is what it logs. Nobody need look at it, and many come on quiet days too: see the false alarms.',
  'An old client with a stale password fails 288 times from wherever its session came from, also from an office or from behind a carrier\'s address. This is hard on those who lock addresses.',
  'The owner of a pair that Auth0 blocked does not follow the link in its mail, and nobody resets what django-axes locked for good.',
  'The networks are harsher than real ones: 20 addresses for all homes behind a carrier, 32 for all mobile users.',
];
