export type { MfaFactors, MfaFacts, MfaMember, MfaPolicies, MfaPolicy, MfaPolicyOptions, MfaScope, MfaVerdict } from './mfa.ts';
