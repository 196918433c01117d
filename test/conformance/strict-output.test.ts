/** What we write passes the strictest reader, whatever a caller has written to us. On virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDatagram } from '../../sbc-runtime/src/sip/parse.ts';
import { responseTo } from '../../sbc-runtime/src/sip/response-to.ts';
import { serialize } from '../../sbc-runtime/src/sip/serialize.ts';
import { PBX_ADDRESS, SBC_FQDN, TEAMS_ADDRESS } from '../kit/routing-state.ts';
import { oneTrunkEach, pbxParty, teamsParty } from '../kit/setups.ts';
import type { Place, Station } from '../kit/network.ts';
import { World } from '../kit/world.ts';
import { sipInvite } from './grammar.ts';
import { torture } from './live/rfc4475-reactions.ts';
import { strictFault } from './strict-reader.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? 3261);
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 300);

const sdpOf = (address: string, profile: string, key: string) =>
  `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio 4000 ${profile} 8\r\na=rtpmap:8 PCMA/8000\r\n${key}`;
const RTP = sdpOf(PBX_ADDRESS, 'RTP/AVP', '');
const SRTP = sdpOf(
  TEAMS_ADDRESS,
  'RTP/SAVP',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:2sD9kLgsz4Mq4YwQPK5Nl4H1ul7ld9WcWDe1cQVF\r\n',
);

/** Answers every INVITE with 200 and every BYE with 200; keeps all that it hears. */
function answering(world: World, name: string, place: Place, sdp: string): { station: Station; heard: string[] } {
  const heard: string[] = [];
  const station = world.network.addStation(name, place);
  station.onText = (text, wire) => {
    heard.push(text);
    const result = parseDatagram(text);
    assert.ok(result.ok, text);
    if (!result.message.isRequest || result.message.method === 'ACK') return;
    const isInvite = result.message.method === 'INVITE';
    const answer = responseTo(result.message, 200, {
      toTag: name,
      headers: isInvite
        ? [
            [
              'Contact',
              `<sip:${name}@${place.address}:${place.port}${place.protocol === 'TLS' ? ';transport=tls' : ''}>`,
            ],
          ]
        : [],
      ...(isInvite ? { body: sdp, contentType: 'application/sdp' } : {}),
    });
    world.network.carryToSbc(wire, serialize(answer));
  };
  return { station, heard };
}

test('the strict reader is one: it refuses what a lenient one reads', () => {
  for (const name of [
    'trws',
    'badaspec',
    'lwsdisp',
    'wsinv',
    'lwsstart',
    'escruri',
    'ltgtruri',
    'baddn',
    'inv2543',
    'dblreq',
  ])
    assert.notEqual(strictFault(torture(name)), undefined, name);
});

const isCall = (text: string) => text.startsWith('INVITE ');

for (const direction of ['pbx to teams', 'teams to pbx'] as const) {
  test(`a call of any spelling, ${direction}: all that we write is strict SIP (seed ${seed}, ${numRuns} runs)`, async () => {
    const isFromPbx = direction === 'pbx to teams';
    let connected = 0;
    await fc.assert(
      fc.asyncProperty(sipInvite(isFromPbx ? RTP : SRTP), async (facts) => {
        const world = new World(oneTrunkEach.state);
        const teams = answering(world, 'teams', teamsParty().place, SRTP);
        const pbx = answering(world, 'pbx', pbxParty().place, RTP);
        const [caller, callee] = isFromPbx ? [pbx, teams] : [teams, pbx];
        // Microsoft means us by the host of the request URI.
        const uri = isFromPbx ? facts.uri! : `sip:+493055555@${SBC_FQDN}:5061`;
        const text = facts.text.replace(` ${facts.uri!} `, () => ` ${uri} `).trimStart();
        world.network.carryToSbc(world.network.wireFrom(caller.station, false), text);
        await world.passes(40_000);
        for (const request of [...callee.heard, ...caller.heard.filter((each) => !each.startsWith('SIP/2.0 '))])
          assert.equal(strictFault(request), undefined, `${request}\n---\n${text}`);
        if (callee.heard.some(isCall)) connected += 1;
        else assert.match(caller.heard.join(''), /^SIP\/2\.0 4\d\d /m);
        world.system.stop();
      }),
      { seed, numRuns },
    );
    assert.ok(connected > numRuns / 2, `${connected} calls went through`);
  });
}
