export { createTotp, totpDefaults, type Totp, type TotpEnrollment, type TotpFactor, type TotpOptions, type TotpVerdict } from './totp.ts';
