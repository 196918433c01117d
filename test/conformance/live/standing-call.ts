/** A call between the PBX in the test's hands and the simulated Microsoft, for whatever is done to it. */
import { eventually } from '../../integration/local-observe.ts';
import { TEAMS_NUMBER } from '../../kit/ground.ts';
import type { TeamsCall } from '../../teams-simulator/teams-call.ts';
import { requestText, type Sender, type StandingCall } from './corpus.ts';
import { statusOf } from '../../kit/agent-text.ts';
import { headerOf } from './live-stage.ts';
import type { LiveStage } from './live-stage.ts';

/** Nobody else's. */
const CALLER = '+4930123456';

/** The ACK of a 2xx. */
export function ackOf(answer: string, sender: Sender): string {
  const uri = /<([^>]*)>/.exec(headerOf(answer, 'Contact') ?? '')?.[1] ?? `sip:${sender.sbc}`;
  const sequence = Number.parseInt(headerOf(answer, 'CSeq') ?? '1', 10);
  const parts = {
    uri,
    from: headerOf(answer, 'From')!,
    to: headerOf(answer, 'To')!,
    callId: headerOf(answer, 'Call-ID')!,
    sequence,
  };
  return requestText('ACK', sender, `ack${process.hrtime.bigint()}`, parts).replace(/Content-Type: .*\r\n/, '');
}

/** The PBX calls, Microsoft answers. The 2xx is acknowledged by whoever listens to the PBX. */
export async function standingCall(
  stage: LiveStage,
  sender: Sender,
  id: string,
): Promise<{ call: StandingCall; teams: TeamsCall }> {
  const { simulator, pbx } = stage;
  const arrived = Promise.withResolvers<TeamsCall>();
  const refuses = simulator.onCall;
  simulator.onCall = (teams) => {
    // A damaged call may still be on its way.
    if (!teams.invite.headers.from.uri.includes(CALLER)) return refuses(teams);
    simulator.onCall = refuses;
    teams.answer();
    arrived.resolve(teams);
  };
  const from = `<sip:${CALLER}@${sender.sentBy}>;tag=call${id}`;
  const callId = `call-${id}`;
  await pbx.send(
    requestText('INVITE', sender, `call${id}`, {
      uri: `sip:${TEAMS_NUMBER}@${sender.sbc}`,
      from,
      to: `<sip:${TEAMS_NUMBER}@${sender.sbc}>`,
      callId,
      sequence: 1,
    }),
  );
  const answers = () => pbx.heard.filter((text) => headerOf(text, 'Call-ID') === callId);
  const ok = () => answers().find((text) => statusOf(text) === 200);
  await eventually(
    'the call is answered',
    () => answers().map(statusOf),
    () => ok() !== undefined,
  );
  const teams = await arrived.promise;
  await teams.answered;
  const target = /<([^>]*)>/.exec(headerOf(ok()!, 'Contact')!)![1]!;
  return { teams, call: { callId, from, to: headerOf(ok()!, 'To')!, target, sequence: 1 } };
}
