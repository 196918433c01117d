import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Request, type Message } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { IncomingInvite, OutgoingInvite } from './invite-user.ts';
import { aRequest, answerSdp, identity, offerSdp, withSdp, World } from './testing/world.ts';

/** What a step may be; a step that makes no sense where it falls is one the room must survive. */
const steps = [
  ...(['ring', 'accept', 'reject', 'cancel', 'bye', 'ack', 'reinvite', 'accept-reinvite', 'reject-reinvite'] as const),
  ...([
    'peer-1xx',
    'peer-2xx',
    'peer-fork-2xx',
    'peer-4xx',
    'peer-481',
    'peer-ack',
    'peer-bye',
    'peer-cancel',
  ] as const),
  ...(['peer-reinvite', 'peer-request', 'peer-repeats', 'answer-request', 'second', 'minute'] as const),
];
type StepName = (typeof steps)[number];

class Chaos {
  readonly world = new World();
  readonly leg: IncomingInvite | OutgoingInvite;
  readonly #incoming: IncomingInvite | undefined;
  readonly #outgoing: OutgoingInvite | undefined;
  readonly #invite: Request;
  readonly #ours: Message[] = [];
  #lastOfPeer: Message | undefined;
  #cseq = 7;
  results = 0;
  asked = 0;

  constructor(isIncoming: boolean) {
    this.#invite = aRequest('INVITE', [], offerSdp);
    if (isIncoming) this.leg = this.#incoming = this.world.called(this.#invite);
    else this.leg = this.#outgoing = this.world.call();
  }

  do(step: StepName): void {
    this.#ours.push(...this.world.messages());
    this.#actions[step]();
  }

  readonly #actions: Record<StepName, () => void> = {
    ring: () => this.#incoming?.provisional(identity, 180),
    accept: () => this.#incoming?.accept(identity, withSdp(answerSdp)),
    reject: () => this.#incoming?.reject(486),
    cancel: () => this.#outgoing?.cancel(),
    bye: () => this.leg.bye(),
    ack: () => this.leg.ack(),
    reinvite: () => {
      this.asked += 1;
      this.leg.reinvite(withSdp(offerSdp), this.#onResult);
    },
    'accept-reinvite': () => this.world.user.reinvites.pop()?.accept(withSdp(answerSdp)),
    'reject-reinvite': () => this.world.user.reinvites.pop()?.reject(488),
    'answer-request': () => {
      const asked = this.world.user.requests.pop();
      asked?.respond(responseTo(asked.request, 200));
    },
    second: () => this.world.clock.advance(1000),
    minute: () => this.world.clock.advance(60_000),
    'peer-1xx': () => this.#answers(180, 'callee'),
    'peer-2xx': () => this.#answers(200, 'callee'),
    'peer-fork-2xx': () => this.#answers(200, 'fork'),
    'peer-4xx': () => this.#answers(488, 'callee'),
    'peer-481': () => this.#answers(481, 'callee'),
    'peer-ack': () => this.#asks('ACK', this.#cseq),
    'peer-bye': () => this.#asks('BYE', (this.#cseq += 1)),
    'peer-reinvite': () => this.#asks('INVITE', (this.#cseq += 1), offerSdp),
    'peer-request': () => this.#asks('INFO', (this.#cseq += 1)),
    'peer-cancel': () => {
      const headers = this.#invite.headers.clone().set('CSeq', '7 CANCEL').delete('Contact').delete('Content-Type');
      this.#says(new Request('CANCEL', this.#invite.uri, headers));
    },
    'peer-repeats': () => {
      if (this.#lastOfPeer !== undefined) this.#says(this.#lastOfPeer);
    },
  };

  readonly #onResult = () => {
    this.results += 1;
  };

  /** The peer answers the last request of ours that wants an answer. */
  #answers(status: number, tag: string): void {
    const request = this.#ours.findLast((message) => message.isRequest && message.method !== 'ACK');
    if (request?.isRequest !== true) return;
    const toTag = this.#incoming === undefined ? tag : 'megan';
    this.#says(responseTo(request, status, { toTag, headers: [['Contact', '<sip:peer@192.0.2.1>']] }));
  }

  /** The peer speaks in the dialog, as far as it can know it. */
  #asks(method: string, cseq: number, body = ''): void {
    if (this.#incoming !== undefined) {
      const known = this.#ours.findLast((message) => !message.isRequest && message.cseq.method === 'INVITE');
      if (known !== undefined) this.#says(this.world.inDialog(method, known, { cseq, body }));
      return;
    }
    const invite = this.#ours.find((message) => message.isRequest);
    if (invite === undefined) return;
    const from = `${invite.headers.get('To') ?? ''};tag=callee`;
    this.#says(this.world.inDialog(method, invite, { cseq, body, headers: [['From', from]] }));
  }

  #says(message: Message): void {
    this.#lastOfPeer = message;
    this.world.receive(message);
  }
}

describe('a leg under any sequence of events', () => {
  const sequences = fc.array(fc.constantFrom(...steps), { maxLength: 25 });

  for (const isIncoming of [true, false]) {
    it(`${isIncoming ? 'that the peer called' : 'that we call'} ends once, and leaves nothing`, () => {
      fc.assert(
        fc.property(sequences, (sequence) => {
          const chaos = new Chaos(isIncoming);
          const { world, leg } = chaos;
          let wasOver = false;
          for (const step of sequence) {
            chaos.do(step);
            assert.ok(!wasOver || leg.state === 'Terminated', 'Terminated is final');
            wasOver = leg.state === 'Terminated';
          }
          chaos.do('bye');
          assert.equal(leg.state, 'Terminated');
          world.nothingIsLeft();
          assert.equal(chaos.results, chaos.asked, 'each request of ours has one result');
          const ends = world.user.heard().filter((event) => /^(bye|ended|failure)/.test(event));
          assert.ok(ends.length <= 1, ends.join(', '));
        }),
        { numRuns: 400 },
      );
    });
  }
});
