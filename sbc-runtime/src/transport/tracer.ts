/** Where every SIP message is shown as it was on the wire; keep-alives are not. The sink redacts and bounds. */
import type { Flow } from './transport-user.ts';

export interface Tracer {
  message(direction: 'in' | 'out', flow: Flow, text: string): void;
}
