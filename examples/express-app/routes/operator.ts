import { Router, type Request, type Response } from 'express';
import type { Portcullis } from 'portcullis';
import type { ExpressDoors } from 'portcullis/express';
import type { ReadOnlyScope } from 'portcullis/read-only';
import { answer, doneText } from '../answers.ts';
import type { AuthContext } from '../auth.ts';
import type { ContainmentRuns } from '../containments.ts';
import { addressOf, bodyField, textOf } from '../input.ts';
import { memberOf } from '../members.ts';
import { readOnlyForm } from '../operator-input.ts';
import type { OperatorGuards } from '../operators.ts';
import { operatorPage, type OperatorProblems } from '../views/operator.ts';
import { endEverythingPage, operatorSignInPage } from '../views/operator-small.ts';

export interface OperatorParts {
  readonly doors: ExpressDoors;
  readonly portcullis: Portcullis;
  readonly context: AuthContext;
  readonly guards: OperatorGuards;
  readonly runs: ContainmentRuns;
}

/** What is done for one account. `reset`: the password opens nothing but a mail; `change`: it opens its own change. */
const accountOrders = ['sessions', 'reset', 'change'] as const;

/** The state of everything, the switch, and the ends of sessions. */
export function operatorRoutes({ doors, portcullis, context, guards, runs }: OperatorParts): Router {
  const router = Router();
  const { readOnly, epochs } = portcullis;

  async function show(req: Request, res: Response, problems?: OperatorProblems): Promise<void> {
    const user = memberOf(res);
    const state = await stateOf({ portcullis });
    const page = operatorPage({ ...state, user, nameOf: nameIn(context), isRunning: (id) => runs.isRunning(id), typed: req.body as unknown, problems, done: doneText(req) });
    answer(req, res, { status: problems === undefined ? 200 : 422, json: problems ?? state, page });
  }

  router.get('/operator/login', (req, res) => {
    res.send(operatorSignInPage({ done: doneText(req) }));
  });
  router.post('/operator/login', doors.signIn);

  router.get('/operator', ...guards.reading, (req, res) => show(req, res));

  router.post('/operator/read-only', ...guards.acting, async (req, res) => {
    const typed = readOnlyForm(req);
    if (!typed.ok) {
      await show(req, res, { readOnly: typed.problems });
      return;
    }
    const made = await readOnly.set({ ...typed.value, by: memberOf(res).id });
    answer(req, res, { json: made, seeOther: '/operator?done=read-only-on' });
  });

  router.post('/operator/read-only/off', ...guards.acting, async (req, res) => {
    const scope = scopeIn(req);
    const lifted = await readOnly.lift({ by: memberOf(res).id, ...(scope !== undefined && { scope }) });
    answer(req, res, { json: { lifted }, seeOther: '/operator?done=read-only-off' });
  });

  router.get('/operator/sessions', ...guards.reading, (_req, res) => {
    res.send(endEverythingPage({ user: memberOf(res) }));
  });

  router.post('/operator/sessions', ...guards.acting, async (req, res) => {
    await epochs.revokeEveryone({ by: memberOf(res).id });
    answer(req, res, { json: { ok: true }, seeOther: '/operator/login?done=everybody-out' });
  });

  router.post('/operator/account', ...guards.acting, async (req, res) => {
    const email = addressOf(bodyField(req, 'email'));
    const order = accountOrders.find((each) => each === bodyField(req, 'order'));
    const account = email === undefined ? undefined : context.data.users.byEmail(email);
    if (account === undefined || order === undefined) {
      await show(req, res, { account: [order === undefined ? 'Choose what to do.' : 'There is no account with that address.'] });
      return;
    }
    await carryOut({ portcullis, context }, { order, accountId: account.id, by: memberOf(res).id });
    answer(req, res, { json: { ok: true }, seeOther: `/operator?done=account-${order}` });
  });
  return router;
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
  await sessions.endOthers(accountId);
}

/** Who has ordered something, by name: a log has ids. */
export function nameIn({ data }: AuthContext): (id: string) => string {
  return (id) => data.users.byId(id)?.name ?? id;
}

/** Whose switch it is; everybody's, where nothing is said. */
function scopeIn(req: Request): ReadOnlyScope | undefined {
  const [kind, id] = [bodyField(req, 'kind'), textOf(bodyField(req, 'id'), 256)];
  return (kind === 'organization' || kind === 'user') && id !== undefined ? { kind, id } : undefined;
}
