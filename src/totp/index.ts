export type { Totp, TotpEnrollment, TotpFactor, TotpOptions, TotpVerdict } from './totp.ts';
