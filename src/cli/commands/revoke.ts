import { Option } from 'commander';
import type { AddCommand } from '../act.ts';
import { eachId } from '../each-id.ts';
import { usageError } from '../exit.ts';
import { partOf, type Operated } from '../parts.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { filled, gathered } from '../values.ts';

interface RevokeOptions {
  readonly everyone?: boolean;
  readonly organization?: string;
  readonly user?: readonly string[];
}

export const addRevoke: AddCommand = (program, act) => {
  program
    .command('revoke')
    .description('end sessions: everybody who has one must sign in again')
    .addOption(new Option('--everyone', 'all of them').conflicts(['organization', 'user']))
    .addOption(new Option('--organization <id>', 'those of the members of one organization').argParser(filled).conflicts('user'))
    .addOption(new Option('--user <id...>', 'those of these accounts').argParser(gathered))
    .action(act(revoke));
};

async function revoke(session: Session, { everyone, organization, user }: RevokeOptions): Promise<Outcome> {
  if (everyone !== true && organization === undefined && user === undefined) throw usageError('say whose: --everyone, --organization ID or --user ID');
  const epochs = partOf(await session.open(), 'epochs');
  if (user !== undefined) {
    return eachId(session, { ids: user, done: 'sessions ended', act: async (accountId) => { await epochs.revokeUser({ accountId, by: session.by }); return true; } });
  }
  if (organization !== undefined) return revokeOrganization(session, epochs, organization);
  await session.confirm({ word: 'everyone', what: 'This ends all sessions of everyone, yours too.' });
  await epochs.revokeEveryone({ by: session.by });
  return { text: 'All sessions of everyone have ended. Whoever signs in from now on stays in.', json: { revoked: 'everyone' } };
}

async function revokeOrganization({ confirm, by }: Session, epochs: NonNullable<Operated['epochs']>, id: string): Promise<Outcome> {
  await confirm({ word: 'organization', what: `This ends all sessions of the members of ${id}.` });
  await epochs.revokeOrganization({ id, by });
  return { text: `All sessions of the members of ${safeLine(id)} have ended.`, json: { revoked: 'organization', id } };
}
