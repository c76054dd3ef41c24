import { ConfigError } from '../kernel/errors.ts';
import type { SessionEpochs } from './epochs.ts';
import type { Giving } from './giving.ts';
import { markOf, readMark } from './mark.ts';
import { checkedId, everyone, organizationScope, userScope } from './scope.ts';

/** The verbs that end sessions. */
export function createOrders(giving: Giving): Pick<SessionEpochs, 'revokeEveryone' | 'revokeOrganization' | 'revokeUser' | 'revokeOthers'> {
  return {
    async revokeEveryone({ by }) {
      await giving.raise(everyone, { by: checkedId(by, 'epochs.revokeEveryone.by'), othersWillDo: true });
    },
    async revokeOrganization({ id, by }) {
      await giving.raise(organizationScope(id, 'epochs.revokeOrganization.id'), { by: checkedId(by, 'epochs.revokeOrganization.by'), othersWillDo: true });
    },
    async revokeUser({ accountId, by = accountId }) {
      await giving.raise(userScope(accountId, 'epochs.revokeUser.accountId'), { by: checkedId(by, 'epochs.revokeUser.by'), othersWillDo: true });
    },
    async revokeOthers({ accountId, organizationIds, by = accountId, mark: given }) {
      const scope = userScope(accountId, 'epochs.revokeOthers.accountId');
      const old = readMark(given);
      if (old === 'malformed') throw new ConfigError('epochs.revokeOthers.mark: expected the mark of the session that goes on');
      // Each call raises for itself: two sessions that end each other must not both go on.
      const order = { by: checkedId(by, 'epochs.revokeOthers.by'), othersWillDo: false };
      if (old !== 'unmarked') {
        const { before, after } = await giving.raise(scope, order);
        return markOf(old.everyone, old.user === before.epoch ? after.epoch : old.user, [...old.organizations]);
      }
      const fresh = await giving.mark({ accountId, organizationIds });
      return markOf(fresh.everyone, (await giving.raise(scope, order)).after.epoch, Object.entries(fresh.organizations));
    },
  };
}
