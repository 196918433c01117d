/** The witness of the sweeps notices what no agent would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestText, responseText, type RequestParts } from './agent-text.ts';
import { Wire, Station } from './network.ts';
import { SBC_FQDN } from './routing-state.ts';
import { teamsParty } from './setups.ts';
import { Witness } from './witness.ts';

const wire = new Wire(new Station('teams', teamsParty().place), 40_000, ['teams']);
const sdp = (port: number) =>
  `v=0\r\no=- 1 1 IN IP4 203.0.113.10\r\ns=-\r\nc=IN IP4 203.0.113.10\r\nt=0 0\r\nm=audio ${port} RTP/SAVP 8\r\n`;

const request = (changes: Partial<RequestParts> = {}): string =>
  requestText({
    method: 'INVITE',
    uri: 'sip:+4989111111@sip.pstnhub.microsoft.com:5061;user=phone',
    via: `SIP/2.0/TLS ${SBC_FQDN}:5061;branch=z9hG4bK1`,
    from: `<sip:+493055555@${SBC_FQDN}>;tag=us`,
    to: '<sip:+4989111111@sip.pstnhub.microsoft.com;user=phone>;tag=them',
    callId: 'call',
    cseq: 1,
    further: `Contact: <sip:${SBC_FQDN}:5061;transport=tls>\r\n`,
    body: sdp(30_000),
    ...changes,
  });

function problems(...texts: readonly string[]): string[] {
  const witness = new Witness({ fqdn: SBC_FQDN, teams: ['teams'] });
  for (const text of texts) witness.sees({ from: 'sbc', to: 'teams', text, wire });
  return witness.problems.map((problem) => problem.slice(0, problem.indexOf('\n')));
}

test('an INVITE with our FQDN and an offer is as Teams wants it', () => {
  assert.deepEqual(problems(request()), []);
});

test('a second final response to one INVITE, of another kind', () => {
  const answer = (status: number) => responseText(request(), status, 'us', `Contact: <sip:${SBC_FQDN}>\r\n`);
  assert.deepEqual(problems(answer(486), answer(486)), []);
  assert.deepEqual(problems(answer(487), answer(200)), ['sbc to teams: 200 after 487 to one INVITE']);
});

test('what Teams does not take: UPDATE, an INVITE without an offer, an address in Contact', () => {
  assert.deepEqual(problems(request({ method: 'UPDATE' })), ['sbc to teams: Teams takes no UPDATE']);
  assert.deepEqual(problems(request({ body: '' })), ['sbc to teams: Teams takes no INVITE without an offer']);
  assert.match(problems(request({ further: 'Contact: <sip:203.0.113.10:5061>\r\n' }))[0] ?? '', /203\.0\.113\.10/);
});

test('a CSeq that does not grow, and media that moves', () => {
  const next = (cseq: number, port: number) =>
    request({ cseq, via: `SIP/2.0/TLS ${SBC_FQDN}:5061;branch=z9hG4bK${cseq}${port}`, body: sdp(port) });
  assert.deepEqual(problems(next(1, 30_000), next(2, 30_000)), []);
  assert.deepEqual(problems(next(2, 30_000), next(1, 30_000)), ['sbc to teams: CSeq 1 after 2']);
  assert.match(
    problems(next(1, 30_000), next(2, 30_002))[0] ?? '',
    /its media has moved from .* 30000 .* to .* 30002 /,
  );
});
