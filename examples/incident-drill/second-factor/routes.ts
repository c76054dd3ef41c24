import { jsonOf, type Exchange, type WireRequest } from '../wire.ts';

/** Where the example app has what a second factor needs. */
export const routes = {
  login: '/login',
  code: '/login/code',
  stepUp: '/step-up',
  challenge: '/challenge',
  security: '/account/security',
  enroll: '/account/security/enroll',
  confirm: '/account/security/confirm',
  mandatory: '/team/second-step',
} as const;

/** What only a session reaches that has passed everything, with what it would do. */
export const behindTheDoor: readonly WireRequest[] = [
  { path: '/contacts' },
  { path: '/contacts/export.csv' },
  { path: '/campaigns' },
  { path: '/team' },
  { path: '/account' },
  { path: '/contacts', accept: 'text/html' },
  { path: '/contacts/export.csv', accept: 'text/html' },
  { path: '/campaigns', accept: 'text/html' },
  { path: '/team', accept: 'text/html' },
  { path: '/account', accept: 'text/html' },
  { path: '/contacts', form: { email: 'planted@parcel.example', name: 'Planted' } },
  { path: '/contacts/import', form: { lines: 'planted@parcel.example,Planted' } },
  { path: '/campaigns', form: { subject: 'Your parcel is waiting', body: 'Pay the fee today: http://parcel.example/' } },
  { path: '/team/invite', form: { email: 'planted@parcel.example' } },
  { path: '/team/second-step', form: { graceDays: '30' } },
  { path: '/team/second-step/off', form: {} },
];

/** What changes or weakens a factor. The thief knows no factor's id, and tries all the same. */
export function factorChanges(factorId: string): readonly WireRequest[] {
  return [
    ...['remove', 'suspend', 'restore'].map((verb) => ({ path: `${routes.security}/${verb}`, form: { factorId } })),
    { path: `${routes.security}/codes`, form: {} },
    { path: `${routes.security}/devices`, form: {} },
  ];
}

/** Whether a request did what it asked for. A redirect takes a stranger to where one signs in. */
export function isDone({ status }: Exchange): boolean {
  return status >= 200 && status < 300;
}

/** The name of a refusal (RFC 9457), without its prefix; undefined where the answer has none. */
export function problemOf(answer: Exchange): string | undefined {
  const { type } = jsonOf(answer);
  return typeof type === 'string' ? type.split(':').at(-1) : undefined;
}

/** How a request reads in a report. */
export function nameOf({ path, form }: WireRequest): string {
  return `${form === undefined ? 'GET' : 'POST'} ${path}`;
}
