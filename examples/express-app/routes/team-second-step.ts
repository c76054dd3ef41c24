import { Router, type Request, type Response } from 'express';
import type { Portcullis } from 'portcullis';
import type { ExpressDoors } from 'portcullis/express';
import { answer } from '../answers.ts';
import type { AuthContext } from '../auth.ts';
import type { User } from '../data/users.ts';
import { bodyField } from '../input.ts';
import { adminsOnly, memberOf, membersOnly, type Member } from '../members.ts';
import { removeSecondStepPage, secondStepBadge, teamSecondStepCard } from '../views/team-second-step.ts';
import type { TeamExtras } from '../views/team.ts';

const dayMs = 86_400_000;
const graceChoices = ['0', '7', '30'];

/** What an administrator decides for the team: a second step for everybody, and a way back for who has lost theirs. */
export function teamSecondStepRoutes(doors: ExpressDoors, { mfa }: Portcullis, { data, sessions }: AuthContext): Router {
  const router = Router();
  const admin = [membersOnly(data.users), adminsOnly, doors.guard({ action: 'admin' })];

  /** Somebody else of the same team: one's own second step is removed on one's own page. */
  function otherMember(req: Request, res: Response): User | undefined {
    const { id, teamId } = memberOf(res);
    const other = data.users.byId(String(req.params['id']));
    return other !== undefined && other.teamId === teamId && other.id !== id ? other : undefined;
  }

  router.post('/team/second-step', ...admin, async (req, res) => {
    const { id, teamId } = memberOf(res);
    const days = bodyField(req, 'graceDays');
    if (typeof days !== 'string' || !graceChoices.includes(days)) {
      answer(req, res, { status: 422, json: { error: 'graceDays: 0, 7 or 30' }, seeOther: '/team' });
      return;
    }
    const policy = await mfa.require({ scope: scopeOf(teamId), graceMs: Number(days) * dayMs, by: id });
    answer(req, res, { json: { ok: true, graceUntilMs: policy.graceUntilMs }, seeOther: '/team?done=second-step-on' });
  });

  router.post('/team/second-step/off', ...admin, async (req, res) => {
    const { id, teamId } = memberOf(res);
    await mfa.lift({ scope: scopeOf(teamId), by: id });
    answer(req, res, { json: { ok: true }, seeOther: '/team?done=second-step-off' });
  });

  router.get('/team/members/:id/second-step', ...admin, (req, res, next) => {
    const member = otherMember(req, res);
    if (member === undefined) next();
    else res.send(removeSecondStepPage({ user: memberOf(res), member }));
  });

  router.post('/team/members/:id/second-step', ...admin, async (req, res, next) => {
    const member = otherMember(req, res);
    if (member === undefined) {
      next();
      return;
    }
    const { removed } = await mfa.removeFactors({ accountId: member.id, by: memberOf(res).id });
    await sessions.endOthers(member.id);
    answer(req, res, { json: { ok: true, removed }, seeOther: '/team?done=second-step-removed' });
  });
  return router;
}

/** On the page of the team, for administrators: who has one, and the card by which it becomes mandatory. */
export async function teamExtras({ mfa }: Portcullis, { user, members, nowMs }: { readonly user: Member; readonly members: readonly User[]; readonly nowMs: number }): Promise<TeamExtras | undefined> {
  if (!user.isAdmin) return undefined;
  const preview = await mfa.preview(members.map((member) => ({ accountId: member.id, member })));
  const without = preview.affected.map(({ member }) => member);
  const policy = await mfa.read(scopeOf(user.teamId));
  return { card: teamSecondStepCard({ user, members, without, policy, nowMs }), beside: (member) => secondStepBadge({ user, without }, member) };
}

export function scopeOf(teamId: number): { readonly kind: 'organization'; readonly id: string } {
  return { kind: 'organization', id: String(teamId) };
}
