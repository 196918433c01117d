/** What a PBX or carrier means when it refuses, in plain words, with a remedy. Pure. */
import type { Explanation } from './refusal-table.ts';

const login: Explanation = {
  meaning: 'it wants a login, or does not take ours',
  remedy: 'name a Secret with username and password in spec.auth; where there is one, its values are wrong',
};
const numbers: Explanation = {
  meaning: 'it does not know the called number',
  remedy: 'send numbers as it writes them: spec.numbers.country, or a NumberPolicy on the CallRoute',
};

const byStatus: Readonly<Record<number, Explanation>> = {
  401: login,
  403: {
    meaning: 'it does not take requests of this SBC',
    remedy: 'tell it the addresses of the pods (status.addresses of the SbcInstance), or log in with spec.auth',
  },
  404: numbers,
  405: {
    meaning: 'it does not know this method',
    remedy: 'nothing, where the method is OPTIONS: it answers, so it is up',
  },
  407: login,
  408: { meaning: 'nobody answered in time', remedy: 'nothing, where it happens to single calls' },
  480: { meaning: 'the called phone is not registered', remedy: 'nothing, where it happens to single calls' },
  484: numbers,
  486: { meaning: 'the called line is busy', remedy: 'nothing' },
  488: {
    meaning: 'it takes no codec, or not the encryption, of the call',
    remedy: 'look at spec.codecs and spec.media.srtp of the trunk, and at what the PBX offers',
  },
  503: { meaning: 'it takes no calls now', remedy: 'look at its load and its own trunks' },
  603: { meaning: 'the called side declined', remedy: 'nothing' },
};

export function decodePbxRefusal(status: number): Explanation {
  const known = byStatus[status];
  if (known !== undefined) return known;
  if (status < 500)
    return { meaning: 'it refused the request', remedy: 'read the ladder of the call (sbc ladder) and its own log' };
  if (status < 600) return { meaning: 'an error inside the PBX or carrier', remedy: 'look at its own log' };
  return { meaning: 'the called side does not want the call', remedy: 'nothing: it is not tried elsewhere' };
}
