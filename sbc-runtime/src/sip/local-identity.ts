/** Who we are towards one peer: constant for the life of a leg. */
import type { TransportProtocol } from './hop.ts';

export interface LocalIdentity {
  readonly listener: string;
  readonly trunk: string;
  /** Via sent-by. */
  readonly sentBy: string;
  readonly protocol: TransportProtocol;
  /** Contact header value: `<sip:sbc-0.example.com:5061;transport=tls>`. */
  readonly contact: string;
  /** Allow, Supported, User-Agent: on every dialog-forming request and response. */
  readonly headers: readonly (readonly [string, string])[];
}
