/** A refusal of Microsoft in plain words, with its remedy. Pure. */
import { explanationsByCode, explanationsByStatus, explanationsByText } from './refusal-table.ts';
import type { Explanation } from './refusal-table.ts';

export interface Refused {
  /** Final status of the response, from 300 on. */
  readonly status: number;
  /** The Reason header, else the reason phrase. */
  readonly reason?: string | undefined;
}

/** A code stands alone: the groups of a GUID are no codes. */
const code = /(?<![-\w])\d{4,6}(?![-\w])/g;

/** The most exact that is known: by the words of the reason, by Microsoft's own code in it, by the status. */
export function decodeRefusal({ status, reason = '' }: Refused): Explanation {
  const words = reason.toLowerCase();
  const byText = explanationsByText.find(([text]) => words.includes(text));
  if (byText !== undefined) return byText[1];
  for (const [found] of words.matchAll(code)) {
    const explanation = explanationsByCode[found] ?? bySubcode(found);
    if (explanation !== undefined) return explanation;
  }
  return explanationsByStatus[status] ?? byClass(status);
}

/** Teams: 560 and 540 in front of a status say that the SBC itself gave it, outbound or inbound. */
function bySubcode(found: string): Explanation | undefined {
  if (!/^5[46]0[3-6]\d\d$/.test(found)) return undefined;
  return {
    meaning: `the answer ${found.slice(3)} came from behind this SBC, from the PBX or carrier`,
    remedy: 'look at the call on the PbxTrunk: its last answers stand in its status and in sbc calls',
  };
}

function byClass(status: number): Explanation {
  if (status < 400)
    return { meaning: 'Microsoft sent the call elsewhere', remedy: 'nothing: redirections of Teams are not followed' };
  if (status < 500)
    return {
      meaning: 'Microsoft refused the request',
      remedy: 'look the status up in the call analytics of the Teams admin centre, and read the ladder (sbc ladder)',
    };
  if (status < 600)
    return {
      meaning: 'an error inside Microsoft’s service',
      remedy: 'wait, and look at the service health of Microsoft 365',
    };
  return { meaning: 'the called user does not want the call', remedy: 'nothing: it is not tried elsewhere' };
}
