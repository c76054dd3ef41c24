import type { Portcullis } from 'portcullis';
import type { ReadOnlyScope } from 'portcullis/read-only';
import { doneText, type Answer } from '../answers.ts';
import type { AuthContext } from '../auth.ts';
import type { ContainmentRuns } from '../containments.ts';
import { addressOf, bodyField, textOf } from '../input.ts';
import type { Viewers } from '../live/viewers.ts';
import { memberOf } from '../members.ts';
import { readOnlyForm } from '../operator-input.ts';
import { operatorPage, type OperatorProblems } from '../views/operator.ts';
import { endEverythingPage, operatorSignInPage } from '../views/operator-small.ts';
import type { Page, Visit } from '../visit.ts';

export interface OperatorParts {
  readonly portcullis: Portcullis;
  readonly context: AuthContext;
  readonly runs: ContainmentRuns;
  readonly live: Viewers;
}

/** What is done for one account. `reset`: the password opens nothing but a mail; `change`: it opens its own change. */
const accountOrders = ['sessions', 'reset', 'change'] as const;

/** The state of everything, the switch, and the ends of sessions. Behind the gates of operators, but for `signIn`. */
export function operatorPages({ portcullis, context, runs }: OperatorParts): Readonly<Record<'signIn' | 'state' | 'readOnlyOn' | 'readOnlyOff' | 'endEverythingForm' | 'endEverything' | 'account', Page>> {
  const { readOnly, epochs } = portcullis;

  async function show(visit: Visit, problems?: OperatorProblems): Promise<Answer> {
    const underWay = runs.underWay();
    const state = await stateOf({ portcullis });
    const page = operatorPage({ ...state, user: memberOf(visit), nameOf: nameIn(context), isRunning: (id) => underWay.has(id), typed: visit.body, problems, done: doneText(visit) });
    return { status: problems === undefined ? 200 : 422, json: problems ?? state, page };
  }

  return {
    signIn: (visit) => ({ page: operatorSignInPage({ done: doneText(visit) }) }),
    state: (visit) => show(visit),
    async readOnlyOn(visit) {
      const typed = readOnlyForm(visit);
      if (!typed.ok) return show(visit, { readOnly: typed.problems });
      const made = await readOnly.set({ ...typed.value, by: memberOf(visit).id });
      return { json: made, seeOther: '/operator?done=read-only-on' };
    },
    async readOnlyOff(visit) {
      const scope = scopeIn(visit);
      const lifted = await readOnly.lift({ by: memberOf(visit).id, ...(scope !== undefined && { scope }) });
      return { json: { lifted }, seeOther: '/operator?done=read-only-off' };
    },
    endEverythingForm: (visit) => ({ page: endEverythingPage({ user: memberOf(visit) }) }),
    async endEverything(visit) {
      await epochs.revokeEveryone({ by: memberOf(visit).id });
      return { json: { ok: true }, seeOther: '/operator/login?done=everybody-out' };
    },
    async account(visit) {
      const email = addressOf(bodyField(visit, 'email'));
      const order = accountOrders.find((each) => each === bodyField(visit, 'order'));
      const account = email === undefined ? undefined : context.data.users.byEmail(email);
      if (account === undefined || order === undefined) return show(visit, { account: [order === undefined ? 'Choose what to do.' : 'There is no account with that address.'] });
      await carryOut({ portcullis, context }, { order, accountId: account.id, by: memberOf(visit).id });
      return { json: { ok: true }, seeOther: `/operator?done=account-${order}` };
    },
  };
}

type Parts = Pick<OperatorParts, 'portcullis' | 'context'>;

async function stateOf({ portcullis }: Pick<Parts, 'portcullis'>) {
  const { readOnly, incident } = portcullis;
  const [{ findings }, switches, incidents] = await Promise.all([portcullis.doctor(), readOnly.status().catch(() => undefined), incident.status().catch(() => undefined)]);
  return { findings, switches, incidents };
}

async function carryOut({ portcullis: { epochs, resets }, context: { sessions } }: Parts, { order, accountId, by }: { readonly order: (typeof accountOrders)[number]; readonly accountId: string; readonly by: string }): Promise<void> {
  if (order !== 'sessions') await resets.mark({ accountId, reason: order === 'reset' ? 'compromised' : 'admin', by });
  await epochs.revokeUser({ accountId, by });
  sessions.endOthers(accountId);
}

/** Who has ordered something, by name: a log has ids. */
export function nameIn({ data }: AuthContext): (id: string) => string {
  return (id) => data.users.byId(id)?.name ?? id;
}

/** The mail address of an account, for people. */
export function addressIn({ data }: AuthContext): (accountId: string) => string {
  return (accountId) => data.users.byId(accountId)?.email ?? accountId;
}

/** Whose switch it is; everybody's, where nothing is said. */
function scopeIn(visit: Visit): ReadOnlyScope | undefined {
  const [kind, id] = [bodyField(visit, 'kind'), textOf(bodyField(visit, 'id'), 256)];
  return (kind === 'organization' || kind === 'user') && id !== undefined ? { kind, id } : undefined;
}
