import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sdpFault } from './sdp-fault.ts';

const session = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 't=0 0'];
const described = (...media: string[]) => [...session, ...media, ''].join('\r\n');
const formats = (count: number) => Array.from({ length: count }, (_, index) => index % 128).join(' ');

test('an ordinary offer is handed over, with IPv4 and with IPv6, and a refused section needs no address', () => {
  assert.equal(sdpFault(described('c=IN IP4 192.0.2.1', 'm=audio 4000 RTP/AVP 8 101'), 'RTP/AVP'), undefined);
  assert.equal(sdpFault(described('m=audio 4000 RTP/AVP 8', 'c=IN IP6 2001:db8::1'), 'RTP/AVP'), undefined);
  assert.equal(
    sdpFault(described('c=IN IP4 0.0.0.0', 'm=audio 4000 RTP/AVP 8', 'm=video 0 RTP/AVP 31'), 'RTP/AVP'),
    undefined,
  );
});

const faults: Record<string, [string, RegExp]> = {
  'thousands of formats, which end RTPEngine': [
    described('c=IN IP4 192.0.2.1', `m=audio 4000 RTP/AVP ${formats(1000)}`),
    /1000 formats, at most 128/,
  ],
  'a thousand m= lines': [
    described('c=IN IP4 192.0.2.1', ...Array.from({ length: 1000 }, () => 'm=audio 4000 RTP/AVP 8')),
    /1000 m= lines, at most 16/,
  ],
  'no m= line': [described('c=IN IP4 192.0.2.1'), /no m= line/],
  'no c= line': [described('m=audio 4000 RTP/AVP 8'), /no c= line/],
  'a name instead of an address': [described('c=IN IP4 bad.host.example', 'm=audio 4000 RTP/AVP 8'), /no IP address/],
  'an endless line': [
    described('c=IN IP4 192.0.2.1', 'm=audio 4000 RTP/AVP 8', `a=x:${'y'.repeat(5000)}`),
    /longer than/,
  ],
  'too much of it': [
    described('c=IN IP4 192.0.2.1', ...Array.from({ length: 1500 }, () => `a=${'x'.repeat(30)}`)),
    /octets/,
  ],
  'no description at all': ['hello', /cannot be read/],
};
for (const [name, [sdp, fault]] of Object.entries(faults)) {
  test(`refused before the relay sees it: ${name}`, () => assert.match(sdpFault(sdp, 'RTP/AVP') ?? 'nothing', fault));
}

test('where SRTP is required, a stream without it is not handed over; a refused one and fax are', () => {
  const from = (...media: string[]) => sdpFault(described('c=IN IP4 192.0.2.1', ...media), 'RTP/SAVP');
  const key = 'inline:V/LrhZQFmdbsBhLZyEFp7ywbxYTFRLJFRGoJjCXn|2^31|1:1';
  const suite = (name: string, tag = 1) => `a=crypto:${tag} ${name} ${key}`;
  assert.equal(from('m=audio 4000 RTP/AVP 8'), 'RTP/AVP where SRTP is required');
  assert.equal(from('m=audio 4000 RTP/AVP 8', suite('AES_CM_128_HMAC_SHA1_80')), 'RTP/AVP where SRTP is required');
  assert.equal(from('m=audio 4000 RTP/SAVP 8'), 'no a=crypto line with AES_CM_128_HMAC_SHA1_80');
  assert.equal(
    from('m=audio 4000 RTP/SAVP 8', suite('AES_CM_128_HMAC_SHA1_32')),
    'no a=crypto line with AES_CM_128_HMAC_SHA1_80',
  );
  const both = [suite('AES_CM_128_HMAC_SHA1_32', 0), suite('AES_CM_128_HMAC_SHA1_80', 3)];
  assert.equal(from('m=audio 4000 RTP/SAVP 8', ...both, 'm=audio 0 RTP/AVP 8', 'm=image 4002 udptl t38'), undefined);
});
