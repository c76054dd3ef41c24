import type { Portcullis } from 'portcullis';
import { notFound } from '../answers.ts';
import type { AuthContext } from '../auth.ts';
import type { User } from '../data/users.ts';
import { bodyField, pathPart } from '../input.ts';
import { memberOf, type Member } from '../members.ts';
import { removeSecondStepPage, secondStepBadge, teamSecondStepCard } from '../views/team-second-step.ts';
import type { TeamExtras } from '../views/team.ts';
import type { Page, Visit } from '../visit.ts';

const dayMs = 86_400_000;
const graceChoices = ['0', '7', '30'];

/** What an administrator decides for the team: a second step for everybody, and a way back for who has lost theirs. */
export function teamSecondStepPages({ mfa }: Portcullis, { data, sessions }: AuthContext): Readonly<Record<'require' | 'lift' | 'removeForm' | 'remove', Page>> {
  /** Somebody else of the same team: one's own second step is removed on one's own page. */
  function otherMember(visit: Visit): User | undefined {
    const { id, teamId } = memberOf(visit);
    const other = data.users.byId(pathPart(visit, 'id'));
    return other !== undefined && other.teamId === teamId && other.id !== id ? other : undefined;
  }

  return {
    async require(visit) {
      const { id, teamId } = memberOf(visit);
      const days = bodyField(visit, 'graceDays');
      if (typeof days !== 'string' || !graceChoices.includes(days)) return { status: 422, json: { error: 'graceDays: 0, 7 or 30' }, seeOther: '/team' };
      const policy = await mfa.require({ scope: scopeOf(teamId), graceMs: Number(days) * dayMs, by: id });
      return { json: { ok: true, graceUntilMs: policy.graceUntilMs }, seeOther: '/team?done=second-step-on' };
    },
    async lift(visit) {
      const { id, teamId } = memberOf(visit);
      await mfa.lift({ scope: scopeOf(teamId), by: id });
      return { json: { ok: true }, seeOther: '/team?done=second-step-off' };
    },
    removeForm(visit) {
      const member = otherMember(visit);
      return member === undefined ? notFound() : { page: removeSecondStepPage({ user: memberOf(visit), member }) };
    },
    async remove(visit) {
      const member = otherMember(visit);
      if (member === undefined) return notFound();
      const { removed } = await mfa.removeFactors({ accountId: member.id, by: memberOf(visit).id });
      sessions.endOthers(member.id);
      return { json: { ok: true, removed }, seeOther: '/team?done=second-step-removed' };
    },
  };
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
