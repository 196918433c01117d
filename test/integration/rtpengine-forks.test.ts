/**
 * Several phones of one callee answer one offer, each with an address (and towards Teams a key) of its own: the call's own
 * relay session against a real rtpengine, judged by sound in both directions.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it, type TestContext } from 'node:test';
import { CallMedia } from '../../sbc-runtime/src/b2bua/call-media.ts';
import { CallSide, type SideUser } from '../../sbc-runtime/src/b2bua/call-side.ts';
import type { MediaResult } from '../../sbc-runtime/src/media/media-relay.ts';
import type { Peer } from '../../sbc-runtime/src/peers/peer.ts';
import { peersOf } from '../../sbc-runtime/src/peers/peers-of.ts';
import { MediaEnd } from '../kit/media-end.ts';
import type { RunningProcess } from '../kit/process.ts';
import { routingState } from '../kit/routing-state.ts';
import { SrtpReceiver, SrtpSender } from '../kit/srtp.ts';
import { connectRelay, linesOf, pbxSdp, startRtpengine, teamsSdp, type ConnectedRelay } from './rtpengine-daemon.ts';

const BLOCK = 29;
const SUITE = 'AES_CM_128_HMAC_SHA1_80';
/** Where RTPEngine listens towards each of the two. */
const RELAY = { teams: `127.78.${BLOCK}.1`, pbx: `127.78.${BLOCK}.2` };
const peers = peersOf(routingState(), { podName: 'sbc-0', bindAddress: '127.0.0.1', userAgent: 'test' });
let daemon: RunningProcess;
let connected: ConnectedRelay;
let calls = 0;
let hosts = 10;

before(async () => {
  daemon = await startRtpengine(BLOCK);
  connected = connectRelay(BLOCK);
  await connected.becomes(true);
});
after(async () => {
  connected.relay.close();
  await daemon.end();
});

type PeerName = 'teams' | 'pbx';
const otherPeer = (name: PeerName): PeerName => (name === 'teams' ? 'pbx' : 'teams');
const peerOf = (name: PeerName): Peer => peers.get(name) ?? assert.fail(name);
const portOf = (sdp: string) => Number(/^m=audio (\d+)/m.exec(sdp)?.[1]);
const keyOf = (sdp: string) => /inline:([A-Za-z0-9+/=]+)/.exec(sdp)?.[1] ?? '';
/** What a peer must not see change. */
const placeOf = (sdp: string) => ({ port: portOf(sdp), key: keyOf(sdp) });

/** A phone at an address of its own, at Teams with a key of its own. */
class Phone {
  readonly of: PeerName;
  readonly end: MediaEnd;
  readonly #address: string;
  readonly #key = randomBytes(30).toString('base64');
  #version = 0;

  private constructor(of: PeerName, address: string, end: MediaEnd) {
    this.of = of;
    this.#address = address;
    this.end = end;
    if (of === 'teams') end.sender = new SrtpSender(this.#key);
  }

  static async open(t: TestContext, of: PeerName): Promise<Phone> {
    const address = `127.78.${BLOCK}.${(hosts += 1)}`;
    const end = await MediaEnd.open({ address, port: of === 'teams' ? 50_000 : 4000 }, 0x7000 + hosts);
    t.after(() => end.close());
    return new Phone(of, address, end);
  }

  says(direction = 'sendrecv'): string {
    const version = (this.#version += 1);
    return this.of === 'pbx'
      ? pbxSdp(direction, version).replaceAll('192.0.2.1', this.#address)
      : teamsSdp([`1 ${SUITE} inline:${this.#key}|2^31`], direction, version).replaceAll('52.112.1.1', this.#address);
  }
}

const sideUser: SideUser = {
  sessionId: '1',
  isSettled: true,
  onEvent: () => undefined,
  onResponse: () => undefined,
  onFailure: () => undefined,
  onNewAnswer: () => undefined,
  onChanged: () => undefined,
};

/** A call as far as its media go: `caller` has offered. */
class MediaCall {
  readonly media: CallMedia;
  readonly caller: CallSide;
  readonly callee: CallSide;
  readonly #waiting: ((result: MediaResult) => void)[] = [];

  constructor(from: PeerName) {
    this.media = new CallMedia(connected.relay, `f${(calls += 1)}`, ({ result }) => this.#waiting.shift()?.(result));
    this.caller = new CallSide('caller', peerOf(from), sideUser);
    this.callee = new CallSide('callee', peerOf(otherPeer(from)), sideUser);
  }

  async #asks(side: CallSide, ask: () => void, offer = ''): Promise<string> {
    const result = await new Promise<MediaResult>((resolve) => {
      this.#waiting.push(resolve);
      ask();
    });
    return side.describe(linesOf(result, '').join('\r\n'), offer);
  }

  /** To what the callee gets. */
  offers(sdp: string): Promise<string> {
    this.caller.remoteSdp = sdp;
    return this.#asks(this.callee, () => this.media.offerTo(this.callee.peer, this.caller, sdp, false));
  }

  offersAgain(from: CallSide, sdp: string): Promise<string> {
    from.remoteSdp = sdp;
    const to = this.#other(from);
    return this.#asks(to, () =>
      this.media.offerAgain(from, to, sdp, (result) => ({ kind: 'reinvite-offered', exchange: 0, result })),
    );
  }

  /** To what the one who has offered gets. */
  answers(from: CallSide, sdp: string): Promise<string> {
    from.remoteSdp = sdp;
    const to = this.#other(from);
    const ask = () => this.media.answer(from, to, sdp, (result) => ({ kind: 'media-answered', result }));
    return this.#asks(to, ask, to.remoteSdp);
  }

  restores(): Promise<MediaResult> {
    return new Promise((resolve) => this.media.restore(this.caller, this.callee, this.callee.remoteSdp, resolve));
  }

  #other(side: CallSide): CallSide {
    return side === this.caller ? this.callee : this.caller;
  }
}

/** Each hears the other; what either was told last says where it speaks to. */
async function talk(word: string, one: { phone: Phone; told: string }, other: { phone: Phone; told: string }) {
  for (const [speaker, listener] of [
    [one, other],
    [other, one],
  ] as const) {
    const { of, end } = speaker.phone;
    await end.says(`${of} ${word}`, listener.phone.end, { address: RELAY[of], port: portOf(speaker.told) });
    assert.equal(listener.phone.end.garbled, 0);
  }
}

for (const from of ['pbx', 'teams'] as const) {
  const to = otherPeer(from);
  /** The call, its caller's phone and its callee's, ready to hear each other. */
  const ringing = async (t: TestContext, names: readonly string[], attempts = 1) => {
    const call = new MediaCall(from);
    t.after(() => call.media.delete());
    const caller = await Phone.open(t, from);
    let offered = '';
    for (let attempt = 0; attempt < attempts; attempt++) {
      call.media.startAttempt(attempt);
      offered = await call.offers(caller.says());
    }
    const forks = new Map<string, Phone>();
    for (const name of names) if (!forks.has(name)) forks.set(name, await Phone.open(t, to));
    const hears = (phone: Phone, sdp: string) => {
      if (phone.of === 'teams') phone.end.receiver ??= new SrtpReceiver(keyOf(sdp));
    };
    for (const fork of forks.values()) hears(fork, offered);
    const fork = (name: string) => forks.get(name) ?? assert.fail(name);
    const answers = async (name: string, direction?: string) => {
      const told = await call.answers(call.callee, fork(name).says(direction));
      hears(caller, told);
      return told;
    };
    return { call, caller, fork, offered, answers };
  };

  describe(`${from === 'pbx' ? 'The PBX' : 'Teams'} calls, and phones of the other side answer its offer`, () => {
    for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'a']]) {
      it(`${names.join(', then ')}: the last one and the caller hear each other`, async (t) => {
        const { caller, fork, offered, answers } = await ringing(t, names);
        let told = '';
        for (const name of names) told = await answers(name);
        await talk('hello', { phone: caller, told }, { phone: fork(names.at(-1) ?? ''), told: offered });
      });

      it(`${names.join(', then ')}: each is heard while it is the latest, at one port and with one key for the caller`, async (t) => {
        const { caller, fork, offered, answers } = await ringing(t, names);
        const places = new Set<string>();
        for (const [at, name] of names.entries()) {
          const told = await answers(name);
          places.add(JSON.stringify(placeOf(told)));
          await talk(`${at}`, { phone: caller, told }, { phone: fork(name), told: offered });
        }
        assert.equal(places.size, 1);
      });
    }

    it('an announcement of the first, then the second answers, holds, resumes and is put back: sound each time, and nothing left', async (t) => {
      const { call, caller, fork, offered, answers } = await ringing(t, ['a', 'b']);
      const announced = await answers('a', 'sendonly');
      await fork('a').end.says('announcement', caller.end, { address: RELAY[to], port: portOf(offered) });
      const told = await answers('b');
      assert.deepEqual(placeOf(told), placeOf(announced));
      const [one, other] = [
        { phone: caller, told },
        { phone: fork('b'), told: offered },
      ];
      await talk('hello', one, other);

      const held = await call.offersAgain(call.callee, other.phone.says('sendonly'));
      const heldToo = await call.answers(call.caller, caller.says('recvonly'));
      const resumed = await call.offersAgain(call.callee, other.phone.says());
      const resumedToo = await call.answers(call.caller, caller.says());
      for (const sdp of [held, resumed]) assert.deepEqual(placeOf(sdp), placeOf(told));
      for (const sdp of [heldToo, resumedToo]) assert.deepEqual(placeOf(sdp), placeOf(offered));
      await talk('resumed', one, other);

      const again = await call.offersAgain(call.caller, caller.says());
      const againToo = await call.answers(call.callee, other.phone.says());
      assert.deepEqual([placeOf(again), placeOf(againToo)], [placeOf(offered), placeOf(told)]);
      await talk('refreshed', one, other);

      assert.equal((await call.restores()).kind, 'sdp');
      await talk('put back', one, other);
      call.media.delete();
      await connected.isSettled();
      assert.deepEqual(await connected.sessions(), []);
    });

    it('at the second target, the first one having been silent: the phone that answers and the caller hear each other', async (t) => {
      const { caller, fork, offered, answers } = await ringing(t, ['a', 'b'], 2);
      await answers('a');
      const told = await answers('b');
      await talk('hello', { phone: caller, told }, { phone: fork('b'), told: offered });
      await connected.isSettled();
      assert.equal((await connected.sessions()).length, 1);
    });
  });
}
