import type { Answer } from './answers.ts';
import type { AuthContext, PasswordAdvice, UnprotectedAuth } from './auth.ts';
import type { User } from './data/users.ts';
import { addressOf, bodyField, queryText, textOf } from './input.ts';
import { memberOf } from './members.ts';
import { newUser } from './new-user.ts';
import { hashWithScrypt, verifyWithScrypt } from './scrypt-password.ts';
import { createUnprotectedTokens, type TokenPurpose, type UnprotectedTokens } from './unprotected-tokens.ts';
import { accountPage } from './views/account.ts';
import { confirmPage } from './views/confirm.ts';
import { checkMailPage, resetMailPage } from './views/message.ts';
import { forgotPage, resetPage } from './views/reset.ts';
import { signInPage } from './views/sign-in.ts';
import { signUpPage } from './views/sign-up.ts';
import { teamPage } from './views/team.ts';
import type { Page, Visit } from './visit.ts';

const passwordAdvice: PasswordAdvice = { minLength: 8, sentence: 'At least 8 characters.' };
const noAddress = 'That is not an email address.';
const noAccount = 'There is no account with that address.';
const taken = 'An account with this address already exists.';
const confirmed = 'This account is confirmed already.';
const badLink = 'The link or code is wrong or too old.';
const shortPassword = 'The password needs at least 8 characters.';

interface Parts extends AuthContext {
  readonly tokens: UnprotectedTokens;
}

/**
 * Sign-in the way most apps are written, to be compared with protected-auth.ts. DO NOT COPY THIS: each door tells who has
 * an account, nothing is limited, leaked passwords are welcome, a session keeps its id through the sign-in, tokens lie in
 * the database in the clear and travel in the query, and a new password ends no session.
 */
export async function createAuth(context: AuthContext): Promise<UnprotectedAuth> {
  const parts: Parts = { ...context, tokens: createUnprotectedTokens(context.data.database) };
  return {
    mode: 'unprotected',
    passwordAdvice,
    tellsAvailability: true,
    ownCards: { account: () => undefined, team: async () => undefined },
    doors: {
      signUp: signUp(parts),
      confirm: confirm(parts),
      resend: resend(parts),
      signIn: signIn(parts),
      signOut,
      forgot: forgot(parts),
      reset: reset(parts),
      changePassword: changePassword(parts),
    },
    invite: invite(parts),
    emailAvailable: emailAvailable(parts),
    hashForSeed: (password, fast) => hashWithScrypt(password, fast ? 11 : 14),
    close: async () => undefined,
  };
}

function signUp(parts: Parts): Page {
  const { users, invitations } = parts.data;
  return async (visit) => {
    const email = addressOf(bodyField(visit, 'email'));
    const password = passwordOf(visit, 'password');
    const profile = { name: bodyField(visit, 'name'), team: bodyField(visit, 'team'), invitation: bodyField(visit, 'invitation') };
    const refusal = (status: number, problem: string): Answer => {
      const values = { email, name: textOf(profile.name, 100), team: textOf(profile.team, 100) };
      const invitation = invitations.byToken(textOf(profile.invitation, 64) ?? '');
      return { status, json: { error: problem }, page: signUpPage({ advice: passwordAdvice, asksAvailability: true, problem, values, invitation }) };
    };
    if (email === undefined) return refusal(422, noAddress);
    if (users.byEmail(email) !== undefined) return refusal(409, taken);
    if (password === undefined) return refusal(422, shortPassword);
    const id = newUser(parts.data, { email, passwordHash: await hashWithScrypt(password), profile, status: 'unconfirmed' });
    if (id === undefined) return refusal(409, taken);
    await mailConfirmation(parts, { id, email });
    return { status: 201, json: { ok: true }, page: checkMailPage() };
  };
}

function confirm(parts: Parts): Page {
  return async (visit) => {
    const userId = ownerOf(visit, parts, 'confirm');
    if (userId === undefined) return { status: 400, json: { error: badLink }, page: confirmPage({ problem: badLink }) };
    parts.data.users.activate(userId);
    parts.tokens.remove('confirm', userId);
    return { json: { ok: true }, seeOther: '/login?done=confirmed' };
  };
}

function resend(parts: Parts): Page {
  return async (visit) => {
    const user = userNamed(visit, parts);
    if (user === undefined) return { status: 404, json: { error: noAccount }, page: confirmPage({ problem: noAccount }) };
    if (user.status !== 'unconfirmed') return { status: 409, json: { error: confirmed }, page: confirmPage({ problem: confirmed }) };
    await mailConfirmation(parts, user);
    return { json: { ok: true }, page: checkMailPage() };
  };
}

function signIn(parts: Parts): Page {
  return async (visit) => {
    const user = userNamed(visit, parts);
    const password = bodyField(visit, 'password');
    const refusal = (status: number, problem: string): Answer => {
      return { status, json: { error: problem }, page: signInPage({ problem, email: textOf(bodyField(visit, 'email'), 254) }) };
    };
    // No hash is computed for an unknown name: the answer comes sooner, and says so besides.
    if (user === undefined) return refusal(401, 'No such account.');
    if (typeof password !== 'string' || !(await verifyWithScrypt(password, user.passwordHash ?? ''))) return refusal(401, 'Wrong password.');
    if (user.status !== 'active') return refusal(403, 'Please confirm your address first.');
    visit.keepInSession({ ...visit.session, userId: user.id });
    return { json: { ok: true }, seeOther: '/contacts' };
  };
}

const signOut: Page = async (visit) => {
  await visit.endSession();
  return { json: { ok: true }, seeOther: '/login?done=signed-out' };
};

function forgot(parts: Parts): Page {
  return async (visit) => {
    const user = userNamed(visit, parts);
    if (user === undefined) {
      const email = textOf(bodyField(visit, 'email'), 254);
      return { status: 404, json: { error: noAccount }, page: forgotPage({ problem: noAccount, email }) };
    }
    const { token, ...rest } = parts.tokens.issue('reset', user.id);
    await parts.mails.send({ kind: 'reset-password', to: user.email, link: `${parts.baseUrl}/reset?token=${token}`, because: 'requested', ...rest });
    return { json: { ok: true }, page: resetMailPage(`We have sent a link to ${user.email}.`) };
  };
}

function reset(parts: Parts): Page {
  const { data, tokens, mails, baseUrl } = parts;
  return async (visit) => {
    const password = passwordOf(visit, 'password');
    const user = data.users.byId(ownerOf(visit, parts, 'reset') ?? '');
    if (user === undefined) return { status: 400, json: { error: badLink }, page: resetPage({ advice: passwordAdvice, problem: badLink }) };
    if (password === undefined) {
      const token = textOf(bodyField(visit, 'token'), 64);
      return { status: 422, json: { error: shortPassword }, page: resetPage({ advice: passwordAdvice, problem: shortPassword, token }) };
    }
    data.users.replacePasswordHash({ id: user.id, previousHash: user.passwordHash, passwordHash: await hashWithScrypt(password) });
    tokens.remove('reset', user.id);
    await mails.send({ kind: 'password-changed', to: user.email, how: 'reset', forgotLink: `${baseUrl}/forgot` });
    return { json: { ok: true }, seeOther: '/login?done=password-reset' };
  };
}

function changePassword({ data }: Parts): Page {
  return async (visit) => {
    const user = memberOf(visit);
    const current = bodyField(visit, 'currentPassword');
    const password = passwordOf(visit, 'newPassword');
    const refusal = (status: number, problem: string): Answer => {
      return { status, json: { error: problem }, page: accountPage({ user, advice: passwordAdvice, problem }) };
    };
    if (typeof current !== 'string' || !(await verifyWithScrypt(current, user.passwordHash ?? ''))) return refusal(403, 'The current password is wrong.');
    if (password === undefined) return refusal(422, shortPassword);
    data.users.replacePasswordHash({ id: user.id, previousHash: user.passwordHash, passwordHash: await hashWithScrypt(password) });
    return { json: { ok: true }, seeOther: '/account?done=password-changed' };
  };
}

function invite({ data, mails, baseUrl }: Parts): Page {
  return async (visit) => {
    const user = memberOf(visit);
    const email = addressOf(bodyField(visit, 'email'));
    const refusal = (status: number, problem: string): Answer => {
      const team = { user, members: data.users.ofTeam(user.teamId), invitations: data.invitations.ofTeam(user.teamId) };
      return { status, json: { error: problem }, page: teamPage({ ...team, problem }) };
    };
    if (email === undefined) return refusal(422, noAddress);
    if (data.users.byEmail(email) !== undefined) return refusal(409, `${email} already has an account.`);
    const link = `${baseUrl}/signup?invitation=${data.invitations.invite(user.teamId, email)}`;
    await mails.send({ kind: 'invitation', to: email, teamName: user.teamName, link });
    return { json: { ok: true }, seeOther: '/team?done=invited' };
  };
}

function emailAvailable({ data }: Parts): Page {
  return (visit) => {
    const email = addressOf(queryText(visit, 'email'));
    return { json: { available: email !== undefined && data.users.byEmail(email) === undefined } };
  };
}

async function mailConfirmation({ tokens, mails, baseUrl }: Parts, user: { readonly id: string; readonly email: string }): Promise<void> {
  const { token, ...rest } = tokens.issue('confirm', user.id);
  await mails.send({ kind: 'confirm-sign-up', to: user.email, link: `${baseUrl}/confirm?token=${token}`, ...rest });
}

function userNamed(visit: Visit, { data }: Pick<Parts, 'data'>): User | undefined {
  return data.users.byEmail(addressOf(bodyField(visit, 'email')) ?? '');
}

/** Whose token or code the request brings. */
function ownerOf(visit: Visit, { data, tokens }: Pick<Parts, 'data' | 'tokens'>, purpose: TokenPurpose): string | undefined {
  const token = textOf(bodyField(visit, 'token'), 64);
  if (token !== undefined) return tokens.ownerOfToken(purpose, token);
  const code = textOf(bodyField(visit, 'code'), 16);
  const user = userNamed(visit, { data });
  return user === undefined || code === undefined ? undefined : tokens.ownerOfCode(purpose, user.id, code);
}

function passwordOf(visit: Visit, name: string): string | undefined {
  const password = bodyField(visit, name);
  return typeof password === 'string' && password.length >= passwordAdvice.minLength ? password : undefined;
}
