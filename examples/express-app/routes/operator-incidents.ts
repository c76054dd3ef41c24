import { Router, type Request, type Response } from 'express';
import { answer, doneText } from '../answers.ts';
import { bodyField, textOf } from '../input.ts';
import { memberOf } from '../members.ts';
import { containmentForm } from '../operator-input.ts';
import { begunPage, containPage, dryRunPage } from '../views/operator-contain.ts';
import { incidentPage } from '../views/operator-incident.ts';
import { nameIn, type OperatorParts } from './operator.ts';

/** Against an attack: count, contain, watch, report, lift. */
export function incidentRoutes({ portcullis: { incident }, context, guards, runs }: OperatorParts): Router {
  const router = Router();
  const { containments, users } = context.data;
  const nowMs = (): number => context.clock?.nowMs() ?? Date.now();

  router.get('/operator/contain', ...guards.reading, (_req, res) => {
    res.send(containPage({ user: memberOf(res) }));
  });

  router.post('/operator/contain', ...guards.acting, async (req, res) => {
    const user = memberOf(res);
    const typed = containmentForm(req, { by: user.id, nowMs: nowMs() });
    if (!typed.ok) {
      answer(req, res, { status: 422, json: { problems: typed.problems }, page: containPage({ user, problems: typed.problems, typed: (name) => textOf(bodyField(req, name), 100_000) }) });
      return;
    }
    const plan = typed.value;
    const counts = await runs.dryRun(plan);
    containments.keep(plan);
    answer(req, res, { json: { plan, counts }, page: dryRunPage({ user, plan, counts }) });
  });

  router.post('/operator/contain/:id', ...guards.acting, (req, res, next) => {
    const found = containments.read(String(req.params['id']));
    if (found === undefined) {
      next();
      return;
    }
    const { id } = found.plan;
    // Pressed twice, it is ordered once.
    const isNew = containments.move(id, 'draft', 'ordered');
    if (found.state !== 'done') runs.begin(found.plan);
    answer(req, res, { status: 202, json: { id }, ...(isNew ? { page: begunPage({ id }) } : { seeOther: `/operator/incidents/${id}` }) });
  });

  async function show(req: Request, res: Response, next: (error?: unknown) => void): Promise<void> {
    const id = idIn(req);
    const [status] = id === undefined ? [] : await incident.status(id);
    const report = id === undefined ? undefined : await incident.report({ id });
    if (status === undefined || report === undefined) {
      next();
      return;
    }
    const plan = containments.read(status.id)?.plan;
    const isRunning = runs.isRunning(status.id);
    const page = incidentPage({ user: memberOf(res), status, facts: report.facts, isRunning, plan, nameOf: nameIn(context), addressOf: (accountId) => users.byId(accountId)?.email ?? accountId, done: doneText(req) });
    answer(req, res, { json: { status, isRunning, facts: report.facts }, page });
  }
  router.get('/operator/incidents/:id', ...guards.reading, show);

  router.get('/operator/incidents/:id/report.:form', ...guards.reading, async (req, res, next) => {
    const id = idIn(req);
    const report = id === undefined ? undefined : await incident.report({ id });
    const form = (['html', 'txt', 'json'] as const).find((each) => each === req.params['form']);
    if (report === undefined || form === undefined) next();
    else {
      // The report is a document of its own, with a few rules of style inside and nothing that runs.
      res.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
      res.type(form).send(form === 'txt' ? report.text : report[form]);
    }
  });

  router.post('/operator/incidents/:id/lift', ...guards.acting, async (req, res, next) => {
    const id = idIn(req);
    const lifted = id === undefined ? { found: false as const } : await incident.lift({ id, by: memberOf(res).id });
    if (lifted.found) answer(req, res, { json: lifted, seeOther: `/operator/incidents/${lifted.id}?done=lift-${lifted.readOnly}` });
    else next();
  });
  return router;
}

/** What can be the id of an incident: anything else has none. */
function idIn(req: Request): string | undefined {
  const id = String(req.params['id']);
  return /^[\w.-]{1,64}$/.test(id) ? id : undefined;
}
