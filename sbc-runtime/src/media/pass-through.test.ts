import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Log } from '../kernel/log.ts';
import { silentLog } from '../kernel/log.ts';
import type { MediaProfile, MediaResult } from './media-relay.ts';
import { PassThrough } from './pass-through.ts';

const side: MediaProfile = { interface: 'pbx', transport: 'RTP/AVP', rtcpMux: 'demux', codecs: ['PCMA'] };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Media without a relay', () => {
  it('leaves the SDP untouched, and never answers from within the call', async () => {
    const relay = new PassThrough(silentLog);
    const results: MediaResult[] = [];
    relay.offer({ session: 's', fromTag: 'f', sdp: 'v=0 offer', from: side, to: side }, (result) =>
      results.push(result),
    );
    relay.answer({ session: 's', fromTag: 'f', toTag: 't', sdp: 'v=0 answer', from: side, to: side }, (result) =>
      results.push(result),
    );
    relay.delete();
    assert.deepEqual([relay.available, results], [true, []]);
    await settled();
    assert.deepEqual(results, [
      { kind: 'sdp', sdp: 'v=0 offer' },
      { kind: 'sdp', sdp: 'v=0 answer' },
    ]);
  });

  it('outlives a fault in the receiver', async () => {
    const errors: string[] = [];
    const log: Log = { ...silentLog, error: (message) => errors.push(message) };
    new PassThrough(log).offer({ session: 's', fromTag: 'f', sdp: '', from: side, to: side }, () => {
      throw new Error('bug');
    });
    await settled();
    assert.equal(errors.length, 1);
  });
});
