/** What the operator writes about a CallRoute and a NumberPolicy. */
import { pods, statusOf } from './status-part.ts';

export const callRouteStatus = statusOf('CallRoute', { pods });
export const numberPolicyStatus = statusOf('NumberPolicy', { pods });
