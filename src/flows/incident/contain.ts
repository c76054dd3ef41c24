import { wait } from '../../kernel/deadline.ts';
import { errorName } from '../../kernel/errors.ts';
import { createAffectedList } from './affected-list.ts';
import { containReportOf, type ContainReport } from './contain-report.ts';
import { find, findExposed, lookLast } from './find.ts';
import type { IncidentParts } from './parts.ts';
import { readPlan, type ContainProgress, type Plan } from './plan.ts';
import { preview } from './preview.ts';
import { numberOf, type IncidentBook, type IncidentRecord, type StepName, type StepState } from './record.ts';
import { hasDoors, shutAffected } from './shut.ts';
import { endSessions, endSessionsOfAffected, requireFactor, switchOn, type Step } from './steps.ts';
import { tellAffected, tellOthers } from './tell.ts';
import { createWork, type Work } from './work.ts';

const tokenBytes = 16;
const longestLookMs = 250;

/**
 * The steps in their order. Those that follow the list come again after the last look and after the slow finding. A plan that says when
 * the attack ended needs no last look.
 */
function stepsOf(parts: IncidentParts, { readOnly, sessions, affected: { sources, untilMs, exposed }, reset, secondFactor, notices }: Plan): readonly Step[] {
  const followers: readonly Step[] = [
    { name: 'sessions', isWanted: sessions === 'affected', followsList: true, run: endSessionsOfAffected },
    { name: 'resets', isWanted: reset !== false || hasDoors(parts), followsList: true, run: shutAffected },
  ];
  const looksLast = sources !== undefined && untilMs === undefined;
  return [
    { name: 'read-only', isWanted: readOnly !== false, run: switchOn },
    { name: 'sessions', isWanted: sessions !== 'affected', run: endSessions },
    { name: 'find', isWanted: true, run: find },
    ...followers,
    { name: 'second-factor', isWanted: secondFactor !== false, run: requireFactor },
    { name: 'find', isWanted: looksLast, last: true, run: lookLast },
    ...(looksLast ? followers : []),
    { name: 'find-exposed', isWanted: exposed === true, run: findExposed },
    ...(exposed === true ? followers : []),
    { name: 'tell-affected', isWanted: notices.affected, followsList: true, startsOver: true, run: tellAffected },
    { name: 'tell-others', isWanted: notices.everyoneElse, startsOver: true, run: tellOthers },
  ].filter(({ isWanted }) => isWanted) as readonly Step[];
}

function isOver({ name, followsList, startsOver, last }: Step, { steps, chunks }: IncidentRecord): boolean {
  const state = steps[name];
  if (state?.state !== 'done') return false;
  if (last === true && state.data['last'] !== true) return false;
  if (startsOver === true && numberOf(state.data, 'failed') > 0) return false;
  return followsList !== true || numberOf(state.data, 'to') >= chunks;
}

/** Leaves a step to the call that is at it as long as that gets on. Answers once it has ended or stands still. */
async function letOthersGoOn({ parts: { clock, takeOverAfterMs }, runner, record, refresh, plan }: Work, name: StepName): Promise<void> {
  const lookMs = Math.max(1, Math.min(longestLookMs, takeOverAfterMs / 4));
  let stillMs = 0;
  for (let seen = record().steps[name]; seen?.state === 'begun' && seen.runner !== runner && stillMs < takeOverAfterMs; stillMs += lookMs) {
    await wait(clock, lookMs);
    plan.signal?.throwIfAborted();
    const now = (await refresh()).steps[name];
    if (now?.turn !== seen.turn) stillMs = 0;
    seen = now;
  }
}

/** What each step is told about, to the app's own and to the log. */
function createTelling({ parts: { emit }, plan, progress }: Work): (step: StepName, state: ContainProgress['state'], tookMs?: number, error?: string) => void {
  return function tell(step, state, tookMs, error) {
    progress(step, state);
    if (tookMs !== undefined) emit({ type: 'incident.step', id: plan.id, step, outcome: state === 'done' ? 'done' : 'failed', tookMs, by: plan.by, ...(error !== undefined && { error }) });
  };
}

/**
 * Makes a step this call's own, once no other call is at it or that one stands still; false where the others have ended it meanwhile.
 * Of many calls that find it free at the same moment the first to write has it, and the rest wait.
 */
async function claim(work: Work, step: Step): Promise<boolean> {
  const { parts: { clock }, runner, record, change } = work;
  const { name } = step;
  for (;;) {
    await letOthersGoOn(work, name);
    if (isOver(step, record())) return false;
    const seen = record().steps[name]?.turn;
    if (await change(name, (before) => (before?.turn === seen ? begun(before, step, { runner, nowMs: clock.nowMs() }) : undefined))) return true;
  }
}

/** Runs one step; answers whether it has come to its end. Rejects only where the incident itself cannot be written, or the signal says so. */
async function runStep(work: Work, step: Step, tell: ReturnType<typeof createTelling>): Promise<boolean> {
  const { parts: { clock, reportError }, plan, change } = work;
  const { name } = step;
  if (!(await claim(work, step))) return true;
  const begunMs = clock.monotonicMs();
  tell(name, 'begun');
  const tookMs = (): number => Math.max(0, Math.round(clock.monotonicMs() - begunMs));
  const ended = (state: 'done' | 'failed', more: Partial<StepState>) =>
    change(name, (current) => current && (current.state === 'begun' ? { ...current, ...more, data: { ...current.data, ...more.data }, state, turn: current.turn + 1, tookMs: current.tookMs + tookMs(), endedMs: (step.last === true ? current.endedMs : undefined) ?? clock.nowMs() } : undefined));
  try {
    const data = await step.run(work);
    // Somebody else has ended it: they have told of it.
    if (await ended('done', { data })) tell(name, 'done', tookMs());
    return isOver(step, work.record()) || numberOf(work.data(name), 'failed') > 0;
  } catch (error) {
    const told = errorName(error);
    await ended('failed', { error: told });
    if (plan.signal?.aborted === true) throw error;
    reportError(error);
    tell(name, 'failed', tookMs(), told);
    return false;
  }
}

function begun(before: StepState | undefined, { startsOver, last }: Step, { runner, nowMs }: { readonly runner: string; readonly nowMs: number }): StepState {
  if (before === undefined) return { state: 'begun', turn: 1, runner, beganMs: nowMs, tookMs: 0, data: {} };
  const { state, turn, beganMs, tookMs, endedMs, data } = before;
  const anew = startsOver === true && (state === 'failed' || (state === 'done' && numberOf(data, 'failed') > 0));
  return { state: 'begun', turn: turn + 1, runner, beganMs, tookMs, ...(last === true && endedMs !== undefined && { endedMs }), data: anew ? {} : data };
}

async function runAll(work: Work): Promise<void> {
  const { parts, plan } = work;
  const tell = createTelling(work);
  const failed = new Set<StepName>();
  for (const step of stepsOf(parts, plan)) {
    plan.signal?.throwIfAborted();
    if (isOver(step, work.record()) || failed.has(step.name)) continue;
    // Somebody who is affected must not be told that they are not.
    if (step.name === 'tell-others' && failed.has('find')) failed.add(step.name);
    else if (!(await runStep(work, step, tell))) failed.add(step.name);
  }
  if (failed.size > 0 || !(await work.finish())) return;
  const counts = await work.list.counts(work.record().chunks);
  parts.emit({ type: 'incident.contained', id: plan.id, by: plan.by, affected: Object.values(counts).reduce((sum, each) => sum + each, 0) });
}

/** Makes `contain`. */
export function createContain(parts: IncidentParts, book: IncidentBook): (plan: unknown) => Promise<ContainReport> {
  const { records, clock, random, keepForMs, signIns, entries, pages, exposure } = parts;
  const means = { signIns: signIns !== undefined, entries: entries !== undefined, pages: pages !== undefined, exposure: exposure !== undefined };
  const token = (): string => Buffer.from(random(tokenBytes)).toString('base64url');

  return async function contain(given) {
    const plan = readPlan(given, means);
    plan.signal?.throwIfAborted();
    if (plan.dryRun) return preview(parts, plan);
    const opened = await book.open(plan, { run: token(), nowMs: clock.nowMs() });
    const list = createAffectedList({ records, run: opened.run, expiresAtMs: () => clock.nowMs() + keepForMs });
    const work = createWork({ parts, plan, list, runner: token(), book, opened });
    await runAll(work);
    const record = work.record();
    return containReportOf(record, await list.counts(record.chunks));
  };
}
