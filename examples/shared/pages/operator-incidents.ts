import { doneText, notFound } from '../answers.ts';
import { bodyField, pathPart, textOf } from '../input.ts';
import { memberOf } from '../members.ts';
import { containmentForm } from '../operator-input.ts';
import { ownStyle } from '../page-headers.ts';
import { begunPage, containPage, dryRunPage } from '../views/operator-contain.ts';
import { incidentPage } from '../views/operator-incident.ts';
import type { Page, Visit } from '../visit.ts';
import { addressIn, nameIn, type OperatorParts } from './operator.ts';

const reportTypes = { html: 'text/html; charset=utf-8', txt: 'text/plain; charset=utf-8', json: 'application/json; charset=utf-8' } as const;

/** Against an attack: count, contain, watch, report, lift. Behind the gates of operators. */
export function incidentPages({ portcullis: { incident }, context, runs }: OperatorParts): Readonly<Record<'form' | 'count' | 'contain' | 'state' | 'report' | 'lift', Page>> {
  const { containments, users } = context.data;
  const nowMs = (): number => context.clock?.nowMs() ?? Date.now();

  return {
    form: (visit) => ({ page: containPage({ user: memberOf(visit) }) }),
    async count(visit) {
      const user = memberOf(visit);
      const typed = containmentForm(visit, { by: user.id, nowMs: nowMs(), accountOf: (email) => users.byEmail(email)?.id ?? users.byId(email)?.id });
      if (!typed.ok) {
        return { status: 422, json: { problems: typed.problems }, page: containPage({ user, problems: typed.problems, typed: (name) => textOf(bodyField(visit, name), 100_000) }) };
      }
      const plan = typed.value;
      const counts = await runs.dryRun(plan);
      containments.keep(plan);
      return { json: { plan, counts }, page: dryRunPage({ user, plan, counts }) };
    },
    contain(visit) {
      const found = containments.read(pathPart(visit, 'id'));
      if (found === undefined) return notFound();
      const { id } = found.plan;
      // Pressed twice, it is ordered once.
      const isNew = containments.move(id, 'draft', 'ordered');
      if (found.state !== 'done') runs.begin(found.plan);
      return { status: 202, json: { id }, ...(isNew ? { page: begunPage({ id }) } : { seeOther: `/operator/incidents/${id}` }) };
    },
    async state(visit) {
      const id = idIn(visit);
      const underWay = runs.underWay();
      const [status] = id === undefined ? [] : await incident.status(id);
      const report = id === undefined ? undefined : await incident.report({ id });
      if (status === undefined || report === undefined) return notFound();
      const plan = containments.read(status.id)?.plan;
      const isRunning = underWay.has(status.id);
      const page = incidentPage({ user: memberOf(visit), status, facts: report.facts, isRunning, plan, nameOf: nameIn(context), addressOf: addressIn(context), done: doneText(visit) });
      return { json: { status, isRunning, facts: report.facts }, page };
    },
    async report(visit) {
      const id = idIn(visit);
      const report = id === undefined ? undefined : await incident.report({ id });
      const form = (['html', 'txt', 'json'] as const).find((each) => each === pathPart(visit, 'form'));
      if (report === undefined || form === undefined) return notFound();
      return { headers: ownStyle, type: reportTypes[form], text: form === 'txt' ? report.text : form === 'html' ? report.html : JSON.stringify(report.json) };
    },
    async lift(visit) {
      const id = idIn(visit);
      const lifted = id === undefined ? { found: false as const } : await incident.lift({ id, by: memberOf(visit).id });
      return lifted.found ? { json: lifted, seeOther: `/operator/incidents/${lifted.id}?done=lift-${lifted.readOnly}` } : notFound();
    },
  };
}

/** What can be the id of an incident: anything else has none. */
function idIn(visit: Visit): string | undefined {
  const id = pathPart(visit, 'id');
  return /^[\w.-]{1,64}$/.test(id) ? id : undefined;
}
