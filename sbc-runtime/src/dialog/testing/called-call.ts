/** For tests: a call that stands. */
import type { Request } from '../../sip/message.ts';
import { answerSdp, identity, offerSdp, withSdp, World } from './world.ts';

/** A call that the peer made, answered and acknowledged: the peer's last CSeq is 7, ours will be 1. */
export function aCall(invite?: Request) {
  const world = new World();
  const leg = world.called(invite);
  leg.accept(identity, withSdp(answerSdp));
  const ok = world.response(200);
  world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
  world.user.heard();
  const reinvited = (cseq: number, body = offerSdp) => world.inDialog('INVITE', ok, { cseq, body });
  const end = (cseq: number) => {
    world.receive(world.inDialog('BYE', ok, { cseq }));
    world.sent();
    world.nothingIsLeft();
  };
  return { world, leg, ok, reinvited, end };
}
