import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyError, createKeyRing, createPortcullis, type KeyRing, type Portcullis } from 'portcullis';
import { fileSink } from 'portcullis/audit';
import { createLimiter, headerSeconds, type Limiter } from 'portcullis/limiter';
import { sqliteStore } from 'portcullis/sqlite';
import { accountPages, createAccounts } from './accounts.ts';
import type { AuthContext, PasswordAdvice, ProtectedAuth } from './auth.ts';
import { createContainmentRuns } from './containments.ts';
import { addressOf, bodyField } from './input.ts';
import { pictureOf } from './live/picture.ts';
import { createViewers } from './live/viewers.ts';
import { memberOf } from './members.ts';
import { addressIn } from './pages/operator.ts';
import { teamExtras } from './pages/team-second-step.ts';
import { accountCards } from './views/account-cards.ts';
import { messagePage } from './views/message.ts';
import { protectedTemplates } from './views/protected-templates.ts';
import { teamPage } from './views/team.ts';
import type { Page } from './visit.ts';

const passwordAdvice: PasswordAdvice = {
  minLength: 15,
  sentence: 'At least 15 characters. Several words that have nothing to do with each other are strong and easy to remember. Or let a password manager make one.',
};

/** The same doors as in unprotected-auth.ts, behind portcullis. This is the whole of it. */
export async function createAuth(context: AuthContext): Promise<ProtectedAuth> {
  const { data, mails, baseUrl, breachUrl } = context;
  const time = context.clock === undefined ? {} : { clock: context.clock };
  const folder = dirname(data.database.location() ?? '.');
  const auditPath = join(folder, 'audit.jsonl');
  const store = sqliteStore(join(folder, 'portcullis.sqlite'), time);
  const keys = keysIn(folder);
  // Each line is bound to the one before it: whoever changes or removes one is found out.
  const auditFile = fileSink({ path: auditPath, chain: { keys, records: store, anchorName: 'larkpost', emit: (event) => { portcullis.emit(event); } }, ...time });
  const portcullis = createPortcullis({
    ...time,
    keys,
    baseUrl,
    accounts: createAccounts(data),
    mailer: mails,
    counters: store,
    records: store,
    password: { contextWords: ['Larkpost'] },
    breach: { rangeService: { userAgent: 'larkpost-example', ...(breachUrl !== undefined && { baseUrl: breachUrl, dangerouslyAllowHttp: true }) } },
    totp: { issuer: 'Larkpost' },
    uniform: { templates: protectedTemplates(passwordAdvice) },
    audit: { sinks: [auditFile] },
    detect: {
      onAlarm(alarm, state) {
        if (state === 'raised') context.onAlarm?.(alarm);
      },
    },
    incident: {
      pages: accountPages(data),
      auditPath,
      async *activity(query) {
        yield* data.activity.of(query);
      },
    },
  });
  const network = createLimiter({ name: 'network', rules: { address: { limit: 300, windowMs: 60_000 } }, store, ...time, emit: portcullis.emit });
  const invitations = createLimiter({ name: 'invitations', rules: { account: { limit: 20, windowMs: 3_600_000 } }, store, ...time, emit: portcullis.emit });
  const runs = createContainmentRuns(portcullis, data.containments);
  const live = createViewers({ text: () => JSON.stringify(pictureOf(portcullis.monitor.snapshot(), addressIn(context))), ...time });
  await requireOperatorsSecondStep(portcullis);
  await Promise.all([portcullis.warmUp(), portcullis.readOnly.ready()]);
  return {
    mode: 'protected',
    portcullis,
    passwordAdvice,
    tellsAvailability: false,
    network,
    runs,
    live,
    endStreams: () => { live.close(); },
    ownCards: { account: (user) => accountCards(user), team: (user, members) => teamExtras(portcullis, { user, members, nowMs: context.clock?.nowMs() ?? Date.now() }) },
    invite: invite(context, portcullis, invitations),
    // The unprotected app answers here who has an account. There is no safe answer to give.
    emailAvailable: () => ({ status: 404, json: { error: 'not found' } }),
    hashForSeed: (password) => hashPatiently(portcullis.hasher, password),
    async close() {
      await runs.close();
      await portcullis.close();
      await auditFile.close();
      store.close();
    },
  };
}

/** Whoever looks after the whole app reaches nothing without a second step. */
async function requireOperatorsSecondStep({ mfa }: Portcullis): Promise<void> {
  const scope = { kind: 'role', id: 'operator' } as const;
  if ((await mfa.read(scope)) === undefined) await mfa.require({ scope, graceMs: 0, by: 'larkpost' });
}

/** Whether the address has an account is between us and its owner: the inviter gets one answer, the mail says which. */
function invite({ data, mails, baseUrl }: AuthContext, { uniform, readOnly }: Portcullis, invitations: Limiter<'account'>): Page {
  return async (visit) => {
    const user = memberOf(visit);
    // The guard has looked at the route; this holds for whatever else may come to call it.
    readOnly.assertWritable({ name: 'invite', accountId: user.id, organizationIds: [String(user.teamId)] });
    const email = addressOf(bodyField(visit, 'email'));
    if (email === undefined) {
      const team = { user, members: data.users.ofTeam(user.teamId), invitations: data.invitations.ofTeam(user.teamId) };
      return { status: 422, json: { error: 'That is not an email address.' }, page: teamPage({ ...team, problem: 'That is not an email address.' }) };
    }
    const decision = await invitations.take({ account: user.id });
    if (!decision.ok) {
      const page = messagePage({ title: 'Too many invitations', detail: 'Please go on in an hour.', tone: 'bad', links: [{ href: '/team', label: 'Back to the team' }], nav: 'member' });
      return { status: 429, headers: { 'Retry-After': String(headerSeconds(decision.retryAfterMs)) }, json: { error: 'too many invitations' }, page };
    }
    const span = uniform.begin('team-invite');
    const token = data.invitations.invite(user.teamId, email);
    span.later('invitation-mail', () =>
      data.users.byEmail(email) === undefined
        ? mails.send({ kind: 'invitation', to: email, teamName: user.teamName, link: `${baseUrl}/signup?invitation=${token}` })
        : mails.send({ kind: 'invitation-existing-account', to: email, teamName: user.teamName, signInLink: `${baseUrl}/login` }),
    );
    await span.end();
    return { json: { ok: true }, seeOther: '/team?done=invited' };
  };
}

/** The gate turns people away rather than let them wait; a seed has time. */
async function hashPatiently(hasher: Portcullis['hasher'], password: string): Promise<string> {
  for (;;) {
    try {
      return await hasher.hash(password);
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      await sleep(error.retryAfterMs);
    }
  }
}

/** The app's secret, made at the first start. A real app has it in a secret store, not beside its data. */
function keysIn(folder: string): KeyRing {
  const file = join(folder, 'key');
  try {
    writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return createKeyRing({ keys: [{ id: 'k1', secret: readFileSync(file) }] });
}
